import { type Address, addressBytes, addressFamily, type Family } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";

/** Of every host end: all links may share it, since each has one neighbour only. */
export const HOST_END_MAC = "ee:ee:ee:ee:ee:ee";
/** Whom a pod sends everything to. No host has this address: the pod's neighbour entry alone leads to the host end. */
export const GATEWAY_IPV4: Uint8Array = addressBytes("169.254.1.1" as Address);
/** Every host end's own; the link-local address that belongs to its MAC (RFC 4291, appendix A). */
export const GATEWAY_IPV6: Uint8Array = addressBytes("fe80::ecee:eeff:feee:eeee" as Address);
export const LINK_LOCAL_PREFIX = 64;

/** What wires a container: a cable from the host to the container's network namespace. */
export interface PodLinkPlan {
  readonly namespace: NetworkNamespace;
  readonly hostInterface: InterfaceName;
  readonly podInterface: string;
  /** Bytes, of both ends. */
  readonly mtu: number;
  /** The host end bears it as its alias, so that the kernel itself knows whose it is. */
  readonly containerId: string;
}

/** What a container speaks over its link. */
export interface PodNetworkPlan extends PodLinkPlan {
  readonly addresses: readonly Address[];
  /** The pod may pass packets on. */
  readonly allowForwarding: boolean;
  /** What the pod reaches by its gateway. Default: everything. */
  readonly destinations?: readonly Cidr[];
}

/** Both ends, which are down. */
export interface CreatedPodLink {
  readonly hostIndex: number;
  readonly hostMac: string;
  /** In the pod's network namespace. */
  readonly podIndex: number;
  readonly podMac: string;
}

/** In whose eyes and where the kernel's settings are; tests write them to a directory. */
export interface PodLinkOptions {
  /** Default: /proc/sys/net. */
  readonly settingsDirectory?: string;
}

export function hasFamily(addresses: readonly Address[], family: Family): boolean {
  return addresses.some((address) => addressFamily(address) === family);
}
