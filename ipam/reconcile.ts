import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFile, type LockPatience } from "../native/file-lock.ts";
import { bootId, type BootMark, bootMarkPath, reconciledNetworks } from "./boot-mark.ts";
import { IpamError } from "./ipam-error.ts";
import { leaseDirectory, type Network } from "./lease-directory.ts";
import { LEASE_PATIENCE } from "./lease-patience.ts";
import { type Lease, lockedByOthers, lockLeases } from "./leases.ts";

export interface Reconciling {
  readonly network: Network;
  /**
   * The containers that may have leases: whoever has a record, readable or not. Asked while the leases are locked and known. A record
   * is written before its lease is taken, so what has no record then is not on its way either; a list from before would free leases
   * that came meanwhile.
   */
  readonly containers: () => ReadonlySet<string>;
  /** Whether something on this node still has the address, for pods that Calico's plugin wired and that have no record. */
  readonly isInUse: (lease: Lease) => boolean;
  /** Told of what is about to go, while nobody can lease it anew. */
  readonly onFreeing?: (leases: readonly Lease[]) => void;
  /** Default: LEASE_PATIENCE. */
  readonly patience?: LockPatience;
}

/** Frees the leases of containers that are gone: neither a record nor an interface is left. Answers them. @throws IpamError */
export async function reconcileLeases(options: Reconciling): Promise<Lease[]> {
  const { network, containers, isInUse, onFreeing, patience } = options;
  // Nothing leased ever: a directory would only be litter.
  if (!existsSync(leaseDirectory(network))) return [];
  using leases = await lockLeases(network, patience);
  const found = leases.read();
  const alive = containers();
  const orphans = found.filter((lease) => !alive.has(lease.containerId) && !isInUse(lease));
  if (orphans.length > 0) onFreeing?.(orphans);
  for (const orphan of orphans) leases.free(orphan);
  return orphans;
}

export interface OncePerBoot extends Reconciling, BootMark {}

/**
 * Reconciles unless that was done for this network since the machine started; leases outlive a reboot, pods do not. To be called
 * before an address is leased: whoever calls it meanwhile waits until it is done, in whatever process. Answers the freed leases;
 * undefined: it was done before.
 *
 * @throws IpamError
 */
export async function reconcileOncePerBoot(options: OncePerBoot): Promise<Lease[] | undefined> {
  const { runDirectory, patience = LEASE_PATIENCE } = options;
  const path = bootMarkPath(options);
  const own = leaseDirectory(options.network);
  try {
    const boot = bootId(options);
    if (reconciledNetworks(options, boot).includes(own)) return undefined;
    mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
    const lockPath = join(runDirectory, "boot-id.lock");
    using lock = await lockFile(lockPath, patience);
    if (lock === undefined) throw lockedByOthers(lockPath, "free the leases of before the boot", patience);
    const before = reconciledNetworks(options, boot);
    if (before.includes(own)) return undefined;
    const freed = await reconcileLeases(options);
    const temporary = `${path}.tmp`;
    writeFileSync(temporary, [boot, ...before, own, ""].join("\n"), { mode: 0o600 });
    renameSync(temporary, path);
    return freed;
  } catch (error) {
    if (error instanceof IpamError) throw error;
    throw new IpamError(
      "io",
      {
        tried: `note in ${path} that leases of before the boot are freed`,
        found: error instanceof Error ? error.message : String(error),
        next: "see that the run directory (run_dir, by default /run/tortie) is one and can be written to",
      },
      error,
    );
  }
}
