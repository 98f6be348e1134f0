/** Messages of the same kind, with what they mean and what to do. */
export interface Topic {
  readonly title: string;
  /** Beginnings of the paths of the files that say them. */
  readonly from: readonly string[];
  readonly advice: string;
}

export interface Place {
  readonly title: string;
  readonly introduction: string;
  readonly topics: readonly Topic[];
}

const EVENT: Place = {
  title: "In a pod's events: FailedCreatePodSandBox",
  introduction:
    "`kubectl describe pod` shows what the CNI plugin said to the container runtime, with a code. Code 11 is no failure: it is tried again. Codes up to 99 are the CNI " +
    "specification's; 100 the node's range has no free address; 101 the node has no range; 102 somebody else's route leads to the address; 103 host-local is missing; 104 CHECK " +
    "found something other than ADD left; 105 the agent will not have this pod; 999 a bug.",
  topics: [
    {
      title: "The agent is not there, or not ready (code 11)",
      from: ["cni/ask-agent.ts", "cni/status.ts", "cni/run.ts", "handshake/agent-client.ts"],
      advice:
        "The pod starts by itself once the agent answers. See whether it runs on that node (`kubectl --namespace kube-system get pods --selector=k8s-app=tortie --output=wide`) and what its readiness says. " +
        "Plugin and agent must agree on the directory where they meet (`run_dir`, `TORTIE_RUNDIRECTORY`).",
    },
    {
      title: "The agent refuses the pod",
      from: ["agent/pods/pod-verdict.ts", "agent/pods/pod-addition.ts"],
      advice:
        "The pod is over, its address or interface is another's, or the kernel refused its rules: then the agent's log has the batch. Delete the pod, so that it is made anew.",
    },
    {
      title: "What the runtime gave the plugin",
      from: [
        "cni/add.ts",
        "cni/check.ts",
        "cni/del.ts",
        "cni/plugin-log.ts",
        "cni/orphaned-leases.ts",
        "cni/detach.ts",
        "cni/demand-namespace.ts",
        "cni/environment.ts",
        "cni/gc.ts",
        "cni/previous-result.ts",
        "cni/standard-output.ts",
        "cni/version.ts",
        "cni/hold-container.ts",
        "cni/to-cni-error.ts",
        "handshake/calico-fields.ts",
      ],
      advice:
        "A runtime that keeps to the specification does not lead here, unless two calls for one container meet or the node was changed by hand. Deleting the pod mends most; what is called a bug is one: please report it.",
    },
    {
      title: "The network's configuration",
      from: ["cni/netconf.ts", "handshake/plugin-configuration.ts", "cni/pod-mtu.ts"],
      advice:
        "The template in the ConfigMap `calico-config`, or in `CNI_NETWORK_CONFIG_FILE`, has a field that changes what pods get and that this plugin does not have. Mend the template and restart the agents: [pod-networking.md](pod-networking.md#its-configuration).",
    },
    {
      title: "Addresses",
      from: ["ipam/"],
      advice:
        "host-local leases them from the node's `spec.podCIDRs`. Without a range: `--allocate-node-cidrs=true` and `--cluster-cidr` at the controller manager. A range that is full holds leases of pods that are gone: compare " +
        "`/var/lib/cni/networks/k8s-pod-network` with the node's pods.",
    },
    {
      title: "Links and routes",
      from: [
        "dataplane/link/configure-pod-link.ts",
        "dataplane/link/create-pod-link.ts",
        "dataplane/link/host-routes.ts",
        "dataplane/link/interface-settings.ts",
        "dataplane/link/link-ipv6.ts",
        "dataplane/link/remove-pod-link.ts",
      ],
      advice:
        "Something on the node stands where the pod's interface, address or route belongs: mostly a leftover of another plugin, or another program that owns the range. The message names it; `ip route get ADDRESS` shows it.",
    },
  ],
};

const READINESS: Place = {
  title: "In readiness, and in the agent's log",
  introduction:
    "`tortie health` on the node (or `kubectl --namespace kube-system exec daemonset/tortie --container tortie -- tortie health`) prints what stands in the way of being ready, and notices, which do not. The log has the same as `condition`, " +
    "and `condition ended` once it is mended. The rules stay in force meanwhile. Whatever can mend itself is looked at again within ten seconds.",
  topics: [
    {
      title: "State of the parts",
      from: ["health/components.ts", "agent/status-log.ts", "dataplane/nft/driver-attempts.ts"],
      advice:
        'Each part of the agent in a line: datastore, dataplane, pods. "Not in sync" waits for the first whole reading; "stale since" names why the datastore cannot be followed, and the rules of before hold.',
    },
    {
      title: "Others on the host that make rules wrong or vain",
      from: ["dataplane/preflight/"],
      advice:
        "Uninstall the other enforcer, and restart the node where it left rules; for Calico's see [upgrade.md](upgrade.md#from-calico). kube-proxy goes on in iptables or nftables mode. Bridges need `br_netfilter`.",
    },
    {
      title: "Routes and settings of pods' interfaces",
      from: ["dataplane/route/held-routes.ts", "dataplane/link/host-end-settings.ts"],
      advice:
        "Somebody changed what the plugin had set. Another program's route is never touched: remove it at its source. Sysctls mostly come from a file in `/etc/sysctl.d`, or from a tool that sets all interfaces.",
    },
    {
      title: "The CNI configuration",
      from: ["agent/cni-config/"],
      advice:
        "Until it is written no pod gets a network from tortie. The node is not ready, and the template or the mounts of the agent's container are to be mended: [cni-plugin.md](cni-plugin.md).",
    },
    {
      title: "Pools and flannel",
      from: ["agent/host/pools-of.ts"],
      advice:
        "Notices: what cannot be read does not count, so packets to the world may leave with the pod's address, or be masqueraded twice. Mend the file: it is looked at every two seconds.",
    },
    {
      title: "The node's ranges",
      from: ["adapters/kubernetes/store/model-reader.ts"],
      advice:
        "Without `spec.podCIDRs` no pod gets an address by `usePodCidr`, and addresses that nobody knows are not closed.",
    },
    {
      title: "Metrics and health",
      from: ["agent/metrics.ts", "health/listen.ts"],
      advice:
        "The port is taken, often by another agent on this node: two never run at once. `FELIX_HEALTHPORT` and `FELIX_PROMETHEUSMETRICSPORT` choose others.",
    },
  ],
};

const DATASTORE: Place = {
  title: "Where the agent reads from",
  introduction:
    "In readiness as what the datastore waits for, with what is done next; in the log as `datastore waits` and `datastore stale`; and from calicoctl, explain and preflight, which read by the same code.",
  topics: [
    {
      title: "Finding the API server, and logging in",
      from: ["adapters/kubernetes/connection/"],
      advice:
        "The settings, the kubeconfig or the files that they name. They are read again, so a token or certificate that is mounted late needs no restart. 401: the account is not known; 403: apply the manifest's RBAC anew, `kubectl auth can-i --list --as=system:serviceaccount:kube-system:tortie` shows what it may.",
    },
    {
      title: "Answers that are none",
      from: ["adapters/kubernetes/reading/"],
      advice:
        "Something between agent and API server cuts answers off or changes them, or the server is overloaded. It is tried again without end, at most 30 s apart; nothing is taken for true that did not come whole.",
    },
    {
      title: "The directory of manifests",
      from: ["adapters/file/"],
      advice:
        "`DATASTORE_PATH`, with `DATASTORE_TYPE=file`. The directory must be there and readable; it may be made later.",
    },
    {
      title: "Objects that cannot be read",
      from: ["adapters/objects/"],
      advice:
        "In readiness and in the log (`problem`) with file or object, path and value, and with what follows: such a rule allows nothing, its policy still isolates, and everything else is enforced. `kubectl apply` the object mended; the problem ends by itself.",
    },
  ],
};

const LOG: Place = {
  title: "In the agent's log, and at its end",
  introduction:
    "`kubectl --namespace kube-system logs daemonset/tortie --container tortie`, or `journalctl --unit tortie`: one JSON line an event, from level `warning` on:",
  topics: [
    {
      title: "Starting and ending",
      from: ["agent/arguments.ts", "agent/main.ts", "agent/process-ends.ts", "dataplane/nft/adoption.ts"],
      advice:
        "An agent that ends with code 1 says on standard error what was tried, what was found and what to do: a value that is not allowed ([config.md](config.md)), no right to the network (`CAP_NET_ADMIN`, the host's network namespace), or another agent that lives here. Rules that were in force stay.",
    },
    {
      title: "Bringing rules into the kernel",
      from: ["agent/pass-reporter.ts", "agent/settled-log.ts", "agent/run.ts", "agent/host/table-watch.ts"],
      advice:
        'A pass that failed is tried again; what the kernel refuses is named and what it concerns is closed. "Somebody else changed our table" is for kernels before 6.9, which let others: find who runs `nft flush ruleset`.',
    },
    {
      title: "Pods and the plugin",
      from: [
        "agent/pods/plugin-server.ts",
        "agent/pods/pod-annotator.ts",
        "agent/pods/pod-network.ts",
        "agent/pods/pod-requests.ts",
      ],
      advice:
        "Records of pods are in `/run/tortie/endpoints`: that directory must be the host's, and outlive the agent. Annotations are an extra: policies do not need them.",
    },
  ],
};

const COMMANDS: Place = {
  title: "From commands",
  introduction: "On standard error, with exit code 1 unless the page of the command says otherwise.",
  topics: [
    {
      title: "tortie install",
      from: [
        "install/bin-directories.ts",
        "install/helper-plugins.ts",
        "install/install-files.ts",
        "install/install-options.ts",
        "install/look-by-host-loader.ts",
        "install/start.ts",
        "install/try-executable.ts",
      ],
      advice:
        "Nothing is replaced before the new file was tried; what worked stays. Directories: [cni-plugin.md](cni-plugin.md). As an init container see `kubectl --namespace kube-system logs POD --container install-cni`.",
    },
    {
      title: "tortie uninstall",
      from: ["install/uninstall-main.ts"],
      advice: "Stop the agent first: [uninstall.md](uninstall.md).",
    },
    {
      title: "tortie health",
      from: ["health-probe/"],
      advice:
        "`no answer`: the agent does not live on this node, or serves health elsewhere (`FELIX_HEALTHHOST`, `FELIX_HEALTHPORT`).",
    },
    {
      title: "tortie preflight",
      from: ["preflight/"],
      advice:
        "It changes nothing, and says after each thing how to mend it. Warnings may stay; failures mean that policies or pods will not work.",
    },
    {
      title: "tortie explain",
      from: ["explain/", "policy/"],
      advice:
        "Mostly a name or port that does not exist: a pod is NAMESPACE/POD, pods on the host's network are their node. Exit code 2 is no error: the flow is denied.",
    },
    {
      title: "calicoctl",
      from: ["ctl/"],
      advice: "It reads, in this version; [calicoctl.md](calicoctl.md) says what.",
    },
  ],
};

export const PLACES: readonly Place[] = [EVENT, READINESS, DATASTORE, LOG, COMMANDS];
