import type { Reconciling } from "../ipam/reconcile.ts";
import { type Call, isLeasedByHostLocal } from "./call.ts";

/** What is compared with the network's leases. `alive` may have leases whatever else is there. */
function reconciling({ configuration, node, paths, log }: Call, alive: Iterable<string>): Reconciling {
  const { dataDir } = configuration.ipam;
  return {
    network: {
      name: configuration.name,
      ...(typeof dataDir === "string" && { dataDirectory: dataDir }),
    },
    containers() {
      const { records, unreadable } = node.records.readAll(paths);
      for (const { path, why } of unreadable) log.warning(`${path}: ${why}`);
      const named = unreadable.map(({ path }) =>
        path.slice(path.lastIndexOf("/") + 1).replace(/\.json$/, ""),
      );
      return new Set([...alive, ...named, ...records.map(({ containerId }) => containerId)]);
    },
    isInUse: ({ address }) => node.links.isReached(address),
  };
}

/** Frees what pods had before the machine was started anew, once for each start. Throws IpamError. */
export function freeLeasesOfFormerBoots(call: Call): void {
  if (!isLeasedByHostLocal(call)) return;
  const freed = call.node.leases.reconcileOncePerBoot({
    ...reconciling(call, []),
    runDirectory: call.paths.directory,
  });
  if (freed !== undefined && freed.length > 0)
    call.log.info(`freed of former boots: ${freed.map(({ address }) => address).join(", ")}`);
}

/** Frees what belongs to nobody; `alive` are containers that the runtime knows. Throws IpamError. */
export function freeOrphanedLeases(call: Call, alive: Iterable<string>): void {
  if (!isLeasedByHostLocal(call)) return;
  const freed = call.node.leases.reconcile(reconciling(call, alive));
  if (freed.length > 0)
    call.log.warning(`freed, for nobody has them: ${freed.map(({ address }) => address).join(", ")}`);
}
