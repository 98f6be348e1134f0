import { LAB_NAMESPACES, LAB_NODE, LAB_OUTSIDE, LAB_PODS, LAB_POD_NAMES, labAddress } from "../oracle/lab.ts";

/** The words of which worlds are made: few, so that selectors, names and addresses meet. */
export interface Vocabulary {
  readonly namespaces: readonly string[];
  readonly podNames: readonly string[];
  readonly labelKeys: readonly string[];
  readonly labelValues: readonly string[];
  readonly portNames: readonly string[];
  readonly portNumbers: readonly number[];
  /** What flows carry, the frequent ones named more than once. */
  readonly protocols: readonly string[];
  /** Addresses that pods may have. */
  readonly addresses: Readonly<Record<4 | 6, readonly string[]>>;
  /** Addresses that no pod has. */
  readonly outside: Readonly<Record<4 | 6, readonly string[]>>;
  readonly node: Readonly<Record<4 | 6, string>>;
  /** Another node. */
  readonly farNode: Readonly<Record<4 | 6, string>>;
}

/** Anything that an API server would store. */
export type Profile =
  | "logical"
  /** Only what a laboratory of network namespaces can probe: the lab's nine pods, local, each with its addresses. */
  | "packets";

export const PORT_PROTOCOLS: readonly string[] = ["TCP", "UDP", "SCTP"];

// Names whose parts could be confused when joined, the longest names there are, and names that objects inherit.
const LONGEST_NAMESPACE = "n".repeat(63);
const LONGEST_POD = ["p", "q", "r"].map((letter) => letter.repeat(63)).join(".") + `.${"s".repeat(61)}`;

function pool(address: (high: number, low: number) => string): string[] {
  return [1, 2, 3].flatMap((high) =>
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((low) => address(high, low)),
  );
}

const LOGICAL: Vocabulary = {
  namespaces: ["x", "y", "a", "a-b", "default", "constructor", LONGEST_NAMESPACE],
  podNames: ["a", "b", "c", "b-c", "a.b", "a-b", "constructor", LONGEST_POD],
  labelKeys: ["app", "tier", "constructor", "example.com/role"],
  labelValues: ["a", "b", "web", ""],
  portNames: ["web", "80a"],
  portNumbers: [1, 53, 79, 80, 81, 82, 8080, 65535],
  protocols: ["TCP", "TCP", "TCP", "UDP", "UDP", "SCTP", "ICMP", "GRE"],
  addresses: {
    4: pool((high, low) => `10.77.${high}.${low}`),
    6: pool((high, low) => `fd77::${high}:${low}`),
  },
  outside: { 4: ["192.0.2.7", "10.77.1.99", "10.200.0.1"], 6: ["2001:db8::7", "fd77::1:99"] },
  node: LAB_NODE,
  farNode: { 4: "10.77.0.2", 6: "fd77::2" },
};

const PACKETS: Vocabulary = {
  namespaces: LAB_NAMESPACES,
  podNames: LAB_POD_NAMES,
  labelKeys: ["app", "tier", "constructor"],
  labelValues: ["a", "b", ""],
  portNames: ["web", "80a"],
  portNumbers: [80, 81, 5978],
  protocols: ["TCP", "UDP"],
  addresses: {
    4: LAB_PODS.map((pod) => labAddress(pod, 4)),
    6: LAB_PODS.map((pod) => labAddress(pod, 6)),
  },
  outside: { 4: [LAB_OUTSIDE[4]], 6: [LAB_OUTSIDE[6]] },
  node: LAB_NODE,
  farNode: { 4: "10.77.0.2", 6: "fd77::2" },
};

export function vocabulary(profile: Profile): Vocabulary {
  return profile === "logical" ? LOGICAL : PACKETS;
}
