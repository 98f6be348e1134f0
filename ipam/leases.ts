import { mkdirSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { type Address, parseAddress } from "../model/address.ts";
import { errorCode } from "../model/error-code.ts";
import { lockFile, type LockPatience } from "../native/file-lock.ts";
import { IpamError } from "./ipam-error.ts";
import { LEASE_PATIENCE } from "./lease-patience.ts";
import { leaseDirectory, type Network } from "./lease-directory.ts";

/** An address that host-local has given away: a file of that name. */
export interface Lease {
  readonly address: Address;
  /** Empty where host-local was killed before it could write it. */
  readonly containerId: string;
  /** The pod's end; undefined where a host-local of before 2019 leased it. */
  readonly podInterface: string | undefined;
  readonly path: string;
}

/** The leases of one network, and nobody else changes them until it is disposed of. */
export interface LockedLeases extends Disposable {
  /** As they are now, ordered by the name of their files. */
  read(): Lease[];
  free(lease: Lease): void;
}

/** Undefined: it went meanwhile, or is none. */
function readLease(directory: string, name: string): Lease | undefined {
  const address = parseAddress(name);
  if (address === undefined) return undefined;
  const path = join(directory, name);
  try {
    const [containerId = "", podInterface = ""] = readFileSync(path, "utf8").split(/\r?\n/);
    return {
      address,
      containerId: containerId.trim(),
      podInterface: podInterface.trim() || undefined,
      path,
    };
  } catch (error) {
    if (["ENOENT", "EISDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** Another process held the lock file to the end. */
export function lockedByOthers(
  path: string,
  tried: string,
  { milliseconds, signal }: LockPatience,
): IpamError {
  const found =
    signal?.aborted === true
      ? `another process holds the lock ${path}, and the plugin was told to stop`
      : `another process has held the lock ${path} for ${milliseconds / 1000} s`;
  const next = `see which one it is (fuser ${path}) and what it waits for; the runtime tries again`;
  return new IpamError("hung", { tried, found, next });
}

function failed(tried: string, error: unknown): IpamError {
  const found = error instanceof Error ? error.message : String(error);
  const next =
    "see that the lease directory (dataDir of ipam, by default /var/lib/cni/networks) is one and can be written to";
  return new IpamError("io", { tried, found, next }, error);
}

function attempt<T>(tried: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failed(tried, error);
  }
}

async function lockDirectory(directory: string, patience: LockPatience): Promise<Disposable> {
  const tried = `lock the leases in ${directory}`;
  const path = join(directory, "lock");
  let lock: Disposable | undefined;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    lock = await lockFile(path, patience);
  } catch (error) {
    throw failed(tried, error);
  }
  if (lock === undefined) throw lockedByOthers(path, tried, patience);
  return lock;
}

/**
 * Waits for host-local's own lock and holds it: no address is leased meanwhile, so be quick, and wait for nothing. The network's
 * directory is made where it is missing, as host-local makes it.
 *
 * @throws IpamError, of kind `hung` where another process held the lock to the end.
 */
export async function lockLeases(
  network: Network,
  patience: LockPatience = LEASE_PATIENCE,
): Promise<LockedLeases> {
  const directory = leaseDirectory(network);
  const lock = await lockDirectory(directory, patience);
  return {
    read: () =>
      attempt(`read the leases in ${directory}`, () =>
        readdirSync(directory)
          .toSorted()
          .flatMap((name) => readLease(directory, name) ?? []),
      ),
    free: ({ path }) =>
      attempt(`free the lease ${path}`, () => {
        try {
          unlinkSync(path);
        } catch (error) {
          if (errorCode(error) !== "ENOENT") throw error;
        }
      }),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}
