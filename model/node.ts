import type { Cidr } from "./cidr.ts";

/** A machine of the cluster. An agent is told of its own one only. */
export interface Node {
  readonly name: string;
  /** Where the addresses of its pods come from; canonical, empty while none is assigned. */
  readonly podCidrs: readonly Cidr[];
}
