import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { Address } from "../model/address.ts";
import { podInterfaceName } from "../model/fingerprint.ts";
import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";
import { detach, release } from "./detach.ts";
import { type Attachment, readAttachment } from "./environment.ts";
import { readPreviousResult } from "./previous-result.ts";

/** The addresses that ADD gave, as the runtime remembers them; for those that left no record. */
function rememberedAddresses({ configuration, log }: Call): readonly Address[] {
  const { previous, version } = configuration;
  if (previous === undefined) return [];
  try {
    return readPreviousResult(previous, version).addresses;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    log.warning(error.message);
    return [];
  }
}

/** Whether the record is of what DEL is about, and not of another interface or network of the same container. */
function isMeant(record: EndpointRecord, call: Call, { podInterface }: Attachment): boolean {
  return record.podInterface === podInterface && record.network === call.configuration.name;
}

/** DEL: nothing of the container is left, whatever was there. Prints nothing. */
export async function del(call: Call): Promise<string> {
  const attachment = readAttachment(call.environment, "DEL");
  const { containerId, podInterface, pod, namespacePath = "" } = attachment;
  const stored = call.node.records.read(call.paths, containerId);
  if (stored.kind === "record" && !isMeant(stored.record, call, attachment)) {
    // A second attachment, which was refused: the first one lives on.
    await release(call, { containerId, podInterface });
    return "";
  }
  if (stored.kind === "unreadable") call.log.warning(`${stored.unreadable.path}: ${stored.unreadable.why}`);
  await detach(
    call,
    stored.kind === "record"
      ? stored.record
      : {
          containerId,
          podInterface,
          interface: podInterfaceName(pod.namespace, pod.pod),
          addresses: rememberedAddresses(call),
          namespacePath,
        },
  );
  return "";
}
