import { nearNames } from "../model/near-names.ts";
import { CtlError } from "./ctl-error.ts";

export type ServedKind = "WorkloadEndpoint" | "Node" | "Profile" | "NetworkPolicy";

/** What each kind may be called, in any case. */
const SERVED: Readonly<Record<ServedKind, readonly string[]>> = {
  WorkloadEndpoint: ["workloadendpoints", "workloadendpoint", "wep", "weps"],
  Node: ["nodes", "node", "no", "nos"],
  Profile: ["profiles", "profile", "pro", "pros"],
  NetworkPolicy: ["networkpolicies", "networkpolicy", "np", "policies", "policy", "pol", "pols"],
};

const LATER: Readonly<Record<string, readonly string[]>> = {
  BGPConfiguration: ["bgpconfigurations", "bgpconfiguration", "bgpconfig", "bgpconfigs"],
  BGPFilter: ["bgpfilters", "bgpfilter", "bgpf", "bf"],
  BGPPeer: ["bgppeers", "bgppeer", "bgpp", "bgpps", "bp", "bps"],
  BlockAffinity: ["blockaffinities", "blockaffinity"],
  CalicoNodeStatus: ["caliconodestatuses", "caliconodestatus", "nodestatus", "nodestatuses"],
  ClusterInformation: ["clusterinformations", "clusterinformation", "clusterinfo", "clusterinfos"],
  FelixConfiguration: ["felixconfigurations", "felixconfiguration", "felixconfig", "felixconfigs"],
  GlobalNetworkPolicy: ["globalnetworkpolicies", "globalnetworkpolicy", "gnp", "gnps"],
  GlobalNetworkSet: ["globalnetworksets", "globalnetworkset", "gnetset", "gnetsets"],
  HostEndpoint: ["hostendpoints", "hostendpoint", "hep", "heps"],
  IPAMConfiguration: ["ipamconfigurations", "ipamconfiguration", "ipamconfig", "ipamconfigs"],
  IPPool: ["ippools", "ippool", "ipp", "ipps", "pool", "pools"],
  IPReservation: ["ipreservations", "ipreservation", "reservation", "reservations"],
  KubeControllersConfiguration: [
    "kubecontrollersconfigurations",
    "kubecontrollersconfiguration",
    "kubecontrollersconfig",
    "kubecontrollersconfigs",
  ],
  NetworkSet: ["networksets", "networkset", "netset", "netsets"],
  StagedGlobalNetworkPolicy: ["stagedglobalnetworkpolicies", "stagedglobalnetworkpolicy", "sgnp", "sgnps"],
  StagedKubernetesNetworkPolicy: [
    "stagedkubernetesnetworkpolicies",
    "stagedkubernetesnetworkpolicy",
    "sknp",
    "sknps",
    "skpol",
  ],
  StagedNetworkPolicy: ["stagednetworkpolicies", "stagednetworkpolicy", "snp", "snps", "spol"],
  Tier: ["tiers", "tier"],
};

/** What kubectl calls the objects that they are made of. */
const OF_KUBERNETES: Readonly<Partial<Record<ServedKind, readonly string[]>>> = {
  WorkloadEndpoint: ["pods", "pod", "po"],
  Profile: ["namespaces", "namespace", "ns", "serviceaccounts", "serviceaccount", "sa"],
  NetworkPolicy: ["netpol", "netpols"],
};

const SERVED_KINDS = Object.keys(SERVED) as ServedKind[];

/** For help: each kind with its other names. */
export function kindsText(): string {
  return SERVED_KINDS.map((kind) => {
    const [name = "", ...others] = SERVED[kind];
    return `  ${name.padEnd(18)} ${others.join(", ")}\n`;
  }).join("");
}

/**
 * The kind that somebody means by `word`.
 *
 * @throws CtlError for a kind that comes later, and for a word that is none.
 */
export function readKind(word: string): ServedKind {
  const name = word.toLowerCase();
  const served = SERVED_KINDS.find((kind) => SERVED[kind].includes(name));
  if (served !== undefined) return served;
  const have = SERVED_KINDS.map((kind) => SERVED[kind][0]).join(", ");
  const [later] = Object.entries(LATER).find(([, names]) => names.includes(name)) ?? [];
  if (later !== undefined) {
    throw new CtlError(`Failed to get resources: ${later} comes in a later version; this one gets ${have}`);
  }
  const made = SERVED_KINDS.find((kind) => OF_KUBERNETES[kind]?.includes(name));
  if (made !== undefined) {
    throw new CtlError(
      `Failed to get resources: resource type '${word}' is Kubernetes' own (kubectl get ${word}); ` +
        `Calico makes of it: ${SERVED[made][0]}`,
    );
  }
  const [meant] = nearNames(name, Object.values(SERVED).flat(), 1);
  const hint = meant === undefined ? `there are ${have}` : `did you mean ${meant}?`;
  throw new CtlError(`Failed to get resources: resource type '${word}' is not supported; ${hint}`);
}
