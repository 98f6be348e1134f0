import type { Address, Family } from "../../model/address.ts";
import { addressBytes, addressFamily } from "../../model/address.ts";
import { type InterfaceName, podInterfaceName } from "../../model/fingerprint.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import type { SocketAddress } from "../../native/socket-address.ts";
import { LabError } from "./lab-error.ts";

/** A pod to build. Where it names no family at all it gets an address of each, from 10.65.0.0/24 and fd00:65::/64. */
export interface LabPod {
  readonly namespace: string;
  readonly name: string;
  /** Null or absent beside the other family: none. */
  readonly ipv4?: string | null;
  readonly ipv6?: string | null;
}

/** Somewhere that packets start and end: a pod, the node that they pass through, or the host beyond it. */
export interface Place {
  /** `NAMESPACE/POD`, `node` or `outside`. */
  readonly key: string;
  readonly network: NetworkNamespace;
  /** The first of a family is the one that speaks where a flow names none. */
  readonly addresses: readonly Address[];
}

export interface PodPlace extends Place {
  /** Its host end in the node. */
  readonly interfaceName: InterfaceName;
}

/** Hosts that are no pods live on this link; the addresses of `outside` are routed over it. */
export const NODE_ADDRESSES: readonly Address[] = ["192.0.2.1", "2001:db8:2::1"] as Address[];
export const UPLINK_ADDRESSES: readonly Address[] = ["192.0.2.2", "2001:db8:2::2"] as Address[];
/** Two hosts beyond the node, each with an address of both families. */
export const OUTSIDE_ADDRESSES: readonly Address[] = [
  "203.0.113.10",
  "203.0.113.200",
  "2001:db8:113::10",
  "2001:db8:113::200",
] as Address[];

export function podPlace(pod: LabPod, index: number, network: NetworkNamespace): PodPlace {
  const given = [pod.ipv4, pod.ipv6];
  const chosen = given.every((address) => address === undefined)
    ? [`10.65.0.${index + 1}`, `fd00:65::${(index + 1).toString(16)}`]
    : given;
  const addresses = chosen.filter((address) => typeof address === "string");
  return {
    key: `${pod.namespace}/${pod.name}`,
    network,
    addresses: addresses as Address[],
    interfaceName: podInterfaceName(pod.namespace, pod.name),
  };
}

export function placeAddress(place: Place, family: Family): Address {
  const found = place.addresses.find((address) => addressFamily(address) === family);
  if (found !== undefined) return found;
  throw new LabError({
    tried: `send a packet from or to ${place.key}`,
    found: `it has no IPv${family} address`,
    next: "ask for a flow of another family, or give it one",
  });
}

/** As a block of its own. */
export function whole(address: Address): string {
  return `${address}/${addressFamily(address) === 4 ? 32 : 128}`;
}

export function socketAddress(address: Address, port: number): SocketAddress {
  return { address: addressBytes(address), port };
}
