import type { Address } from "../../../model/address.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { ip, setSysctl } from "../../netns/other-cni/commands.ts";
import type { WitnessPoint } from "./witness.ts";

/**
 * What packets are known by: `denied` and `free` are the programs of pods whose policy allows nothing, and of those that have none;
 * `early` is sent in the pod's place before it runs (early-senders.ts), `flood` to it.
 */
export const MARKS = { denied: 7001, free: 7002, flood: 7003, early: 7004 } as const;
export type MarkName = keyof typeof MARKS;
export const ALL_MARKS: readonly number[] = Object.values(MARKS);

export const RANGES = ["10.89.0.0/24", "fd00:89::/64"] as const;
/** The first two of the ranges: of the pod that hears. */
export const EAR: readonly Address[] = ["10.89.0.2", "fd00:89::2"] as Address[];
/** What pods that come later may have. */
export const NEXT: readonly Address[] = Array.from({ length: 14 }, (_, at) => at + 3).flatMap(
  (host) => [`10.89.0.${host}`, `fd00:89::${host.toString(16)}`] as Address[],
);
export const NODE_UPLINK: readonly Address[] = ["198.51.100.1", "2001:db8:51::1"] as Address[];
export const OUTSIDE: readonly Address[] = ["198.51.100.2", "2001:db8:51::2"] as Address[];

/** Connects a node's network with a host beyond it, by which the rest of the world is reached; gives that host. */
export function connectOutside(node: NetworkNamespace): NetworkNamespace {
  const outside = NetworkNamespace.create();
  const [node4 = "", node6 = ""] = NODE_UPLINK;
  const [outside4 = "", outside6 = ""] = OUTSIDE;
  ip(node, `link add uplink type veth peer name uplink netns ${outside.path}`);
  const both = (own4: string, own6: string): string[] => [
    "link set lo up",
    "link set uplink up",
    `address add ${own4}/24 dev uplink`,
    `address add ${own6}/64 dev uplink nodad`,
  ];
  ip(outside, ...both(outside4, outside6), ...RANGES.map((range, at) => route(range, [node4, node6][at])));
  ip(node, ...both(node4, node6), route("default", outside4), route("default", outside6));
  for (const name of ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"]) setSysctl(node, name, "1");
  return outside;
}

function route(to: string, via: string | undefined): string {
  return `route add ${to} via ${via}`;
}

/** On the node: what pods send, and what of it reaches the node, another interface, and a pod. */
export const NODE_POINTS: readonly WitnessPoint[] = [
  { name: "sent", hook: "prerouting", order: "first", match: 'iifname "cali*"' },
  { name: "reached_node", hook: "input", order: "last", match: 'iifname "cali*"' },
  { name: "forwarded", hook: "forward", order: "last", match: 'iifname "cali*"' },
  { name: "to_pod", hook: "forward", order: "last", match: 'oifname "cali*"' },
];

/** In a pod, or outside: what came. */
export const END_POINTS: readonly WitnessPoint[] = [
  { name: "came", hook: "prerouting", order: "first", match: "" },
];
