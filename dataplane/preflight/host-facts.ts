import type { BridgeUse } from "../route/placement.ts";

/** A trace of another program that enforces policies. */
export interface EnforcerTrace {
  /** The program. */
  readonly enforcer: string;
  /** The trace in words, for example `nftables table inet kindnet-network-policies`. */
  readonly trace: string;
}

/** A switch of br_netfilter; `missing`: the module is not loaded. */
export type BridgeSwitch = "on" | "off" | "missing";

/** A port of a pods' bridge that leads out of the machine. */
export interface OutwardPort {
  readonly bridge: string;
  readonly port: string;
}

/** What was found on the host; all that the judge of the host knows. */
export interface HostFacts {
  /** The interface of kube-proxy's IPVS mode is there. */
  readonly kubeIpvs0: boolean;
  readonly traces: readonly EnforcerTrace[];
  /** Whether packets between two ports of a bridge meet the hooks of this family. */
  readonly bridgeCalls: { readonly ipv4: BridgeSwitch; readonly ipv6: BridgeSwitch };
  /** The kernel speaks IPv6 (no `ipv6.disable=1`): every pod may have a link-local address. */
  readonly ipv6: boolean;
  /** The bridges that endpoints of this node are behind. */
  readonly bridges: readonly BridgeUse[];
  readonly outwardPorts: readonly OutwardPort[];
}
