import type { Network } from "../ipam/lease-directory.ts";
import { LEASE_PATIENCE } from "../ipam/lease-patience.ts";
import type { Reconciling } from "../ipam/reconcile.ts";
import { type Call, isLeasedByHostLocal } from "./call.ts";

function networkOf({ configuration }: Call): Network {
  const { dataDir } = configuration.ipam;
  return { name: configuration.name, ...(typeof dataDir === "string" && { dataDirectory: dataDir }) };
}

/** What is compared with the network's leases. `alive` may have leases whatever else is there. */
async function reconciling(call: Call, alive: Iterable<string>): Promise<Reconciling> {
  const { node, paths, log, stopping } = call;
  const links = await node.links();
  return {
    network: networkOf(call),
    containers() {
      const { records, unreadable } = node.records.readAll(paths);
      for (const { path, why } of unreadable) log.warning(`${path}: ${why}`);
      const named = unreadable.map(({ path }) =>
        path.slice(path.lastIndexOf("/") + 1).replace(/\.json$/, ""),
      );
      return new Set([...alive, ...named, ...records.map(({ containerId }) => containerId)]);
    },
    isInUse: ({ address }) => links.isReached(address),
    // Whoever is given the address next inherits none of its connections.
    onFreeing: (leases) => links.forgetConnections(leases.map(({ address }) => address)),
    patience: { ...LEASE_PATIENCE, signal: stopping },
  };
}

/** Frees what pods had before the machine was started anew, once for each start. Throws IpamError. */
export async function freeLeasesOfFormerBoots(call: Call): Promise<void> {
  const mark = { network: networkOf(call), runDirectory: call.paths.directory };
  if (!isLeasedByHostLocal(call) || call.node.leases.isReconciled(mark)) return;
  const freed = await call.node.leases.reconcileOncePerBoot({ ...(await reconciling(call, [])), ...mark });
  if (freed !== undefined && freed.length > 0)
    call.log.info(`freed of former boots: ${freed.map(({ address }) => address).join(", ")}`);
}

/** Frees what belongs to nobody; `alive` are containers that the runtime knows. Throws IpamError. */
export async function freeOrphanedLeases(call: Call, alive: Iterable<string>): Promise<void> {
  if (!isLeasedByHostLocal(call)) return;
  const freed = await call.node.leases.reconcile(await reconciling(call, alive));
  if (freed.length > 0)
    call.log.warning(`freed, for nobody has them: ${freed.map(({ address }) => address).join(", ")}`);
}
