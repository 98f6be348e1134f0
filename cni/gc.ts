import type { Call } from "./call.ts";
import { CniError } from "./cni-error.ts";
import { detach } from "./detach.ts";
import { freeOrphanedLeases } from "./orphaned-leases.ts";
import { toCniError } from "./to-cni-error.ts";

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
  const { records, unreadable } = node.records.readAll(paths);
  for (const { path, why } of unreadable) log.warning(`${path}: ${why}`);
  for (const record of records) {
    if (record.network !== configuration.name || kept.has(key(record.containerId, record.podInterface)))
      continue;
    log.info(`container ${record.containerId} is not listed: undone`);
    await attempt(() => detach(call, record));
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
