import type { Cidr } from "./cidr.ts";

/** A block that pods anywhere in the cluster have their addresses from. */
export interface IpPool {
  readonly cidr: Cidr;
  /** Whether its pods appear outside all pools with their node's address. */
  readonly natOutgoing: boolean;
}
