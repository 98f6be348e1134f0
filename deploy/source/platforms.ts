import type { CniDirectories } from "./host-paths.ts";

/** A platform where tortie wires pods, with other directories than usual. */
export interface WiredPlatform {
  readonly name: string;
  readonly about: string;
  readonly directories: CniDirectories;
  /** The block of all pods' addresses that it comes with. */
  readonly podBlock: string;
}

/** One where another plugin wires them. */
export interface NeutralPlatform {
  readonly name: string;
  readonly about: string;
}

const UNTRIED =
  "Not tried: it is made from what the platform's documents and other programs' manifests say. The directories are read back by a test, no more.";

export const WIRED: readonly WiredPlatform[] = [
  {
    name: "k3s",
    about: `k3s: other directories, and 10.42.0.0/16 for pods.
Start its servers with --disable-network-policy: its own kube-router enforces otherwise, and two programs veto each other. Its flannel may stay, and carries packets between nodes; 10-flannel.conflist comes after 10-calico.conflist, so runtimes take ours. Older ones have plugins in /var/lib/rancher/k3s/data/current/bin.
${UNTRIED}`,
    directories: {
      net: "/var/lib/rancher/k3s/agent/etc/cni/net.d",
      bin: "/var/lib/rancher/k3s/data/cni",
    },
    podBlock: "10.42.0.0/16",
  },
  {
    name: "microk8s",
    about: `MicroK8s: directories of its snap, and 10.1.0.0/16 for pods.
It comes with Calico: take that off first (docs/upgrade.md). Its controller manager gives nodes no pod CIDRs unless /var/snap/microk8s/current/args/kube-controller-manager says --allocate-node-cidrs=true and --cluster-cidr=10.1.0.0/16, and something must route them where there is more than one node.
${UNTRIED}`,
    directories: {
      net: "/var/snap/microk8s/current/args/cni-network",
      bin: "/var/snap/microk8s/current/opt/cni/bin",
    },
    podBlock: "10.1.0.0/16",
  },
  {
    name: "openshift",
    about: `OpenShift, installed without a network of its own (networkType of another vendor): OVN-Kubernetes enforces policies itself. Multus stands in front and reads its delegate from the directory below; what CRI-O reads in /etc/kubernetes/cni/net.d is Multus' own. scc.yaml allows what the DaemonSet needs, and no more; SELinux is why its pods are spc_t. The pods of uninstall.yaml, of the default account of kube-system, need the same for their time.
${UNTRIED}`,
    directories: { net: "/var/run/multus/cni/net.d", bin: "/var/lib/cni/bin" },
    podBlock: "10.128.0.0/14",
  },
];

export const NEUTRAL: readonly NeutralPlatform[] = [
  {
    name: "gke",
    about: `GKE Standard without Dataplane V2 and without its own network policy (Calico): its plugin wires pods with routes of their own, tortie enforces. With Dataplane V2, and so in Autopilot, packets pass by the hooks of nftables: not possible. Whoever wires pods there has plugins in /home/kubernetes/bin on Container-Optimized OS.
${UNTRIED}`,
  },
  {
    name: "eks",
    about: `EKS with the Amazon VPC CNI, whose network policy agent must be off (enableNetworkPolicy: "false" of the add-on): two programs veto each other. /sys/fs/bpf is mounted, read-only, so that readiness can tell of one that is on. NETWORK_POLICY_ENFORCING_MODE=strict of the add-on is its agent's, too.
${UNTRIED}`,
  },
  {
    name: "aks",
    about: `AKS with Azure CNI (interfaces azv..., each with a route of its own) and without a network policy engine (--network-policy none): Azure's, Calico and Cilium veto ours, or are vetoed.
${UNTRIED}`,
  },
  {
    name: "talos",
    about: `Talos has no glibc on the host, so the plugin cannot run there: tortie enforces beside another plugin. Its flannel puts pods behind a bridge, which needs br_netfilter; docs/cluster.md says what that means.
${UNTRIED}`,
  },
  {
    name: "alpine",
    about: `Alpine, and other hosts without glibc: the plugin cannot run there, so tortie enforces beside another plugin. The image brings its own glibc.
${UNTRIED}`,
  },
  {
    name: "bottlerocket",
    about: `Bottlerocket: a read-only root and SELinux labels of its own, so tortie enforces beside the plugin that is there, with nothing of the host mounted, and with the label that its policy has for such pods. With the Amazon VPC CNI the same holds as in eks.
${UNTRIED}`,
  },
];
