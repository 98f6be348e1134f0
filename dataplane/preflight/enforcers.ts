/** The families of nftables that iptables' tables live in too. */
export type TableFamily = "ip" | "ip6" | "inet";

/** Where a program that enforces policies leaves its traces, by names that its own sources fix. */
export interface Enforcer {
  readonly name: string;
  readonly tables?: readonly { readonly family: TableFamily; readonly table: string }[];
  /** In the table `filter` of iptables, both of its kinds, for IPv4 and IPv6. */
  readonly chains?: readonly string[];
  readonly interfaces?: readonly string[];
  /** Directories that are not empty. */
  readonly directories?: readonly string[];
}

function bothFamilies(table: string): Enforcer["tables"] {
  return [
    { family: "ip", table },
    { family: "ip6", table },
  ];
}

export const ENFORCERS: readonly Enforcer[] = [
  {
    name: "Calico",
    tables: [...(bothFamilies("calico") ?? []), { family: "inet", table: "calico" }],
    // Since 2.0, and before.
    chains: ["cali-FORWARD", "cali-INPUT", "felix-FORWARD", "felix-INPUT"],
  },
  { name: "kube-network-policies", tables: [{ family: "inet", table: "kube-network-policies" }] },
  { name: "kindnet", tables: [{ family: "inet", table: "kindnet-network-policies" }] },
  {
    // k3s and others carry it inside.
    name: "kube-router",
    tables: [
      { family: "ip", table: "kube-router-filter-ipv4" },
      { family: "ip6", table: "kube-router-filter-ipv6" },
    ],
    chains: ["KUBE-ROUTER-FORWARD"],
  },
  { name: "Azure Network Policy Manager", chains: ["AZURE-NPM"] },
  { name: "the AWS network policy agent", directories: ["/sys/fs/bpf/globals/aws/programs"] },
  { name: "Cilium", chains: ["CILIUM_FORWARD"], interfaces: ["cilium_host"] },
  { name: "Antrea", chains: ["ANTREA-FORWARD"], interfaces: ["antrea-gw0"] },
  { name: "Weave Net", chains: ["WEAVE-NPC"] },
  { name: "OVN-Kubernetes", interfaces: ["ovn-k8s-mp0"] },
];
