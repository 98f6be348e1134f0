const MADE = "Made by `bun run manifests` from deploy/source: change it there.";

const IMAGE =
  "The image must be on the nodes, or in a registry: `bun run manifests --image REF --output DIRECTORY` writes these files with another one.";

const NEEDS = `${IMAGE}

Before: nodes have pod CIDRs (the controller manager's --allocate-node-cidrs), the block in ippool.yaml below is its --cluster-cidr, and no other program enforces policies. Nodes have glibc, and their runtime looks into /etc/cni/net.d and /opt/cni/bin; deploy/kustomize has other places.`;

function commands(file: string): string {
  return `  kubectl apply -f deploy/manifests/${file}
  kubectl -n kube-system rollout status daemonset/tortie`;
}

export const TORTIE_HEAD: string = `Tortie in one file: NetworkPolicy is enforced on every node, and pods are wired by tortie's CNI plugin, with addresses from their node's pod CIDR.
For Kubernetes 1.30 or later (older ones have tortie-before-1.30.yaml), in a cluster whose network routes pod CIDRs to their nodes: routes of the cloud, static routes, or flannel by its own manifest, applied before or after this one.
${commands("tortie.yaml")}

${NEEDS}

${MADE}`;

export const FLANNEL_HEAD: string = `Tortie and flannel in one file, for kubeadm: flannel carries packets between nodes, tortie wires pods and enforces NetworkPolicy.
For Kubernetes 1.30 or later.
  kubeadm init --pod-network-cidr=10.244.0.0/16
${commands("tortie-flannel.yaml")}

${NEEDS} Another block is changed in net-conf.json, too.

${MADE}`;

export const POLICY_ONLY_HEAD: string = `Tortie enforces NetworkPolicy beside a CNI plugin of others that routes pods through the node's kernel: a cloud's own, ptp, or a bridge with br_netfilter.
For Kubernetes 1.29 or later; on an older one leave out the FlowSchema. Nothing is installed on the nodes, no directory of the host is mounted, nothing is written to the API.
${commands("tortie-policy-only.yaml")}

${IMAGE}

${MADE}`;

export const BEFORE_HEAD: string = `The same as tortie.yaml for Kubernetes 1.20 to 1.29, whose API servers have no ValidatingAdmissionPolicy: the agent has no right to write at all, so pods have none of the annotations cni.projectcalico.org/podIP, podIPs and containerID. Without a FlowSchema of its own, which old servers lack, too.
${commands("tortie-before-1.30.yaml")}

${NEEDS}

${MADE}`;

export const ADDON_CONFIG_HEAD: string = `For Kubernetes' addon manager, first of two: what people set. It is made once (EnsureExists) and keeps their changes.
  cp deploy/manifests/calico-configmap.yaml deploy/manifests/calico-daemonset.yaml /etc/kubernetes/addons/
Without a pool: nothing is masqueraded here, as where the cloud or an ip-masq-agent does it. Otherwise add the key ippool.yaml, as in tortie.yaml.

${MADE}`;

export const ADDON_DAEMON_SET_HEAD: string = `For Kubernetes' addon manager, second of two: everything else, put back whenever it differs (Reconcile). For Kubernetes 1.30 or later.

${IMAGE}

${MADE}`;

export const RBAC_HEAD: string = `An account for agents that run outside of pods, as systemd units do, and what it may read at the API server. The other manifests hold theirs.
  kubectl apply -f deploy/manifests/tortie-rbac.yaml
docs/security.md says what each right is for, docs/cluster.md how a node gets a token. It gives no right to write: tortie-annotations.yaml does.

${MADE}`;

export const ANNOTATIONS_HEAD: string = `The right to annotate pods, and what binds it to the pods of one node, for agents that have the account of tortie-rbac.yaml and wire pods (CALICO_MANAGE_CNI=true). Only for those who have tools that read these annotations. tortie.yaml holds its own.
For Kubernetes 1.31 or later, where a token can be bound to a node; an agent with one that is not is refused. Do not apply it to a server older than 1.30, which would accept the right and not know what binds it.
  kubectl apply -f deploy/manifests/tortie-annotations.yaml
  kubectl -n kube-system create token tortie --bound-object-kind=Node --bound-object-name=NODE

${MADE}`;

export interface UninstallWords {
  /** For `kubectl delete`. */
  readonly installed: string;
  readonly file: string;
  /** When another file takes its place. */
  readonly elsewhere?: string;
}

export function uninstallHead({ installed, file, elsewhere = "" }: UninstallWords): string {
  return `Takes everything of tortie off every node: CNI configuration, nftables table, routes, plugin, records. First delete what was installed, so that no agent lives; a node counts as ready here when nothing is left on it.
  kubectl delete ${installed}
  kubectl apply -f ${file}
  kubectl -n kube-system rollout status daemonset/tortie-uninstall
  kubectl delete -f ${file}
Policies end here. Pods that tortie wired are without routes until they are made anew: drain the nodes before, or delete the pods afterwards. Of directories that are mounted below, /run/tortie (until a reboot) and /var/lib/calico stay, empty.${elsewhere}

${IMAGE}

${MADE}`;
}
