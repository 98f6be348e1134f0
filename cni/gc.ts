import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";
import { detach, tellAgent } from "./detach.ts";
import { tryHoldContainer } from "./hold-container.ts";
import { freeOrphanedLeases } from "./orphaned-leases.ts";
import { toCniError } from "./to-cni-error.ts";

/** An agent that hangs costs its time once, and not for each container. */
function tellWhileAnswered(): typeof tellAgent {
  let isSilent = false;
  return async (call, containerId) => {
    const told = isSilent ? "silent" : await tellAgent(call, containerId);
    isSilent = told === "silent";
    return told;
  };
}

/** Leaves a container alone that another call works for: it is on its way, and the list older than it; or on its way out. */
async function undo(
  call: Call,
  { containerId, createdAt }: EndpointRecord,
  tell: typeof tellAgent,
): Promise<void> {
  using held = await tryHoldContainer(call, containerId);
  // What was there before the lock was taken may be gone, or another one.
  const stored = held?.node.records.read(held.paths, containerId);
  if (held === undefined) call.log.info(`container ${containerId} is being worked for: left alone`);
  if (held === undefined || stored?.kind !== "record" || stored.record.createdAt !== createdAt) return;
  call.log.info(`container ${containerId} is not listed: undone`);
  await detach(held, stored.record, tell);
}

/** GC: of this network nothing is left but what the runtime lists. One failure keeps nothing else from going. */
export async function gc(call: Call): Promise<string> {
  const { node, paths, configuration, log } = call;
  const valid = configuration.validAttachments;
  if (valid === undefined) {
    throw new CniError(
      "configuration",
      "cni.dev/valid-attachments is missing",
      "list what is to be kept: without a list everything would go",
    );
  }
  const key = (containerId: string, podInterface: string): string => `${containerId} ${podInterface}`;
  const kept = new Set(valid.map(({ containerId, podInterface }) => key(containerId, podInterface)));
  const failures: CniError[] = [];
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(toCniError(error));
    }
  };
  const tell = tellWhileAnswered();
  const { records, unreadable } = node.records.readAll(paths);
  for (const { path, why } of unreadable) log.warning(`${path}: ${why}`);
  for (const record of records) {
    if (record.network !== configuration.name || kept.has(key(record.containerId, record.podInterface)))
      continue;
    await attempt(() => undo(call, record, tell));
  }
  await attempt(() =>
    freeOrphanedLeases(
      call,
      valid.map(({ containerId }) => containerId),
    ),
  );
  const [first, ...others] = failures;
  for (const { message } of others) log.error(message);
  if (first !== undefined) throw first;
  return "";
}
