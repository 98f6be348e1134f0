import { mkdirSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { type Address, parseAddress } from "../model/address.ts";
import { lockFile } from "../native/file-lock.ts";
import { IpamError } from "./ipam-error.ts";
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

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
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
    if (["ENOENT", "EISDIR"].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function attempt<T>(tried: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const next =
      "see that the lease directory (dataDir of ipam, by default /var/lib/cni/networks) is one and can be written to";
    throw new IpamError("io", { tried, found, next }, error);
  }
}

/**
 * Waits for host-local's own lock and holds it: no address is leased meanwhile, so be quick, and wait for nothing. The network's
 * directory is made where it is missing, as host-local makes it.
 *
 * @throws IpamError
 */
export function lockLeases(network: Network): LockedLeases {
  const directory = leaseDirectory(network);
  const lock = attempt(`lock the leases in ${directory}`, () => {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return lockFile(join(directory, "lock"));
  });
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
          if (codeOf(error) !== "ENOENT") throw error;
        }
      }),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}
