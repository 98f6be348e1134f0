import { readFileSync } from "node:fs";
import type { V1ConfigMap } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { CONFIG_MAP, LABELS, NAMESPACE } from "./names.ts";

const TEMPLATE = new URL("../cni-network-config.template", import.meta.url);

/** The block of addresses of all pods, as kubeadm's and flannel's documents have it. */
export const POD_BLOCK = "10.244.0.0/16";

/** Calico's ippool.yaml. */
export function ipPool(cidr: string, natOutgoing: boolean): string {
  return `apiVersion: v1
kind: ipPool
metadata:
  cidr: ${cidr}
spec:
  nat-outgoing: ${natOutgoing}
`;
}

const OUTSIDE =
  "The block of addresses of all pods of the cluster: it must be what the controller manager has as --cluster-cidr.";
const WHOSE: Readonly<Record<"tortie" | "flannel", string>> = {
  tortie: `${OUTSIDE} What a pod sends from it to an address outside leaves with the node's address; nat-outgoing: false where the network routes pods' addresses everywhere. A change counts without a restart.`,
  flannel: `${OUTSIDE} nat-outgoing is false because flannel masquerades (--ip-masq below).`,
};

export interface ConfigMapOptions {
  /** Who gives packets to the world the node's address; undefined: nobody here, and no pool is named. */
  readonly masquerades: keyof typeof WHOSE | undefined;
}

/** What people set for the whole cluster, under the names that Calico's manifests have. */
export function configMap({ masquerades }: ConfigMapOptions): Commented<V1ConfigMap> {
  return {
    "#": "What is set for the whole cluster, under the names of Calico's manifests.",
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: CONFIG_MAP, namespace: NAMESPACE, labels: LABELS },
    data: {
      "#cni_network_config":
        "What makes container runtimes call the plugin. The agent fills the names between underscores in, and writes it to the node once its rules are in the kernel: no pod is wired before. The name k8s-pod-network is the directory of leases of addresses; another name gives addresses twice. After a change: kubectl -n kube-system rollout restart daemonset/tortie",
      cni_network_config: readFileSync(TEMPLATE, "utf8"),
      ...(masquerades !== undefined && {
        "#ippool.yaml": WHOSE[masquerades],
        "ippool.yaml": ipPool(POD_BLOCK, masquerades === "tortie"),
      }),
      "#veth_mtu": "The MTU of pods' interfaces; 0: the agent finds out what fits, flannel's beside flannel.",
      veth_mtu: "0",
    },
  };
}
