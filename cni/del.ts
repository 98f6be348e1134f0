import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { Address } from "../model/address.ts";
import { podInterfaceName } from "../model/fingerprint.ts";
import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";
import { detach, release } from "./detach.ts";
import { type Attachment, readAttachment } from "./environment.ts";
import { type HoldingCall, holdContainer } from "./hold-container.ts";
import { readPreviousResult } from "./previous-result.ts";
import { toCniError } from "./to-cni-error.ts";

/**
 * The addresses that ADD gave, as the runtime remembers them; for those that left no record. Not those that another container
 * has by now: a DEL may come again, long after the first one.
 */
function rememberedAddresses({ configuration, log, node, paths }: Call): readonly Address[] {
  const { previous, version } = configuration;
  if (previous === undefined) return [];
  try {
    const { addresses } = readPreviousResult(previous, version);
    const others = new Set(node.records.readAll(paths).records.flatMap((record) => record.addresses));
    return addresses.filter((address) => !others.has(address));
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    log.warning(error.message);
    return [];
  }
}

/**
 * Whether the record is of what DEL is about, and not of another interface of the same container. The record knows its network
 * best: a configuration may have been given another name since.
 */
function isMeant(record: EndpointRecord, { podInterface }: Attachment): boolean {
  return record.podInterface === podInterface;
}

/** A run directory that cannot be used keeps no pod from going. */
async function hold(call: Call, containerId: string): Promise<HoldingCall> {
  try {
    return await holdContainer(call, containerId, { evict: true });
  } catch (error) {
    const { code, message } = toCniError(error);
    if (code !== "inputOutput") throw error;
    call.log.warning(`container ${containerId} cannot be locked: ${message}`);
    return { ...call, [Symbol.dispose]() {} };
  }
}

/** DEL: nothing of the container is left, whatever was there. Prints nothing. */
export async function del(given: Call): Promise<string> {
  const attachment = readAttachment(given.environment, "DEL", (text) => given.log.warning(text));
  const { containerId, podInterface, pod, namespacePath = "" } = attachment;
  using call = await hold(given, containerId);
  const stored = call.node.records.read(call.paths, containerId);
  if (stored.kind === "record" && !isMeant(stored.record, attachment)) {
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
