import { join } from "node:path";

/** Where host-local keeps its leases if `dataDir` of ipam says nothing else. Outlives a reboot. */
const LEASES = "/var/lib/cni/networks";

export interface Network {
  /** The network's name in its configuration. */
  readonly name: string;
  /** `dataDir` of ipam. */
  readonly dataDirectory?: string | undefined;
}

export function leaseDirectory({ name, dataDirectory = "" }: Network): string {
  return join(dataDirectory === "" ? LEASES : dataDirectory, name);
}
