import { podInterfaceName } from "../../../model/fingerprint.ts";
import { POD_IP_ANNOTATION, POD_IPS_ANNOTATION, readAddresses } from "../../objects/pod-addresses.ts";
import type { Container, Pod } from "./kubernetes-objects.ts";
import { serviceAccountProfileName } from "./profile.ts";
import { type Resource, type ResourceMetadata, V3 } from "./resource.ts";
import { ENDPOINT, ORCHESTRATOR, workloadEndpointName } from "./workload-endpoint-name.ts";

const AWS_ADDRESSES = "vpc.amazonaws.com/pod-ips";
const NETWORK_STATUS = "k8s.v1.cni.cncf.io/network-status";
// A label's value has at most 63 characters, and Calico leaves one of them unused.
const LONGEST_LABELLED_ACCOUNT = 62;

export interface WorkloadEndpointPort {
  readonly name: string;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly port: number;
  readonly hostPort: number;
  readonly hostIP: string;
}

export interface WorkloadEndpointSpec {
  readonly orchestrator: string;
  readonly node: string;
  readonly containerID?: string | undefined;
  readonly pod: string;
  readonly endpoint: string;
  readonly serviceAccountName?: string | undefined;
  /** Whole addresses: /32 and /128. */
  readonly ipNetworks: readonly string[];
  readonly ipNATs?: readonly { readonly internalIP: string; readonly externalIP: string }[] | undefined;
  readonly profiles: readonly string[];
  readonly interfaceName: string;
  readonly ports?: readonly WorkloadEndpointPort[] | undefined;
  readonly allowSpoofedSourcePrefixes?: readonly string[] | undefined;
}

export type WorkloadEndpoint = Resource<"WorkloadEndpoint", WorkloadEndpointSpec>;

/** A list of texts in JSON, as the annotations hold it; what is anything else says nothing. */
function annotatedList(pod: Pod, key: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(pod.metadata.annotations?.[key] ?? "[]");
    return Array.isArray(value) ? value.filter((item: unknown) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

/** Its addresses are not its own any more: they may be another pod's already. */
function isFinished({ metadata, status }: Pod): boolean {
  const emptied = (key: string): boolean => metadata.annotations?.[key] === "";
  const deleting = metadata.deletionTimestamp !== undefined;
  return (
    ["Succeeded", "Failed", "Completed"].includes(String(status?.["phase"])) ||
    (deleting && (emptied(POD_IP_ANNOTATION) || emptied(AWS_ADDRESSES)))
  );
}

function addresses(pod: Pod): readonly string[] {
  const annotations = pod.metadata.annotations ?? {};
  const calico = annotations[POD_IPS_ANNOTATION] ?? annotations[POD_IP_ANNOTATION] ?? "";
  const known = calico === "" ? { [POD_IPS_ANNOTATION]: annotations[AWS_ADDRESSES] } : annotations;
  return readAddresses(pod.status ?? {}, known).addresses;
}

function ports(containers: readonly Container[]): readonly WorkloadEndpointPort[] {
  return containers
    .flatMap((container) => container.ports)
    .flatMap(({ name = "", protocol = "TCP", containerPort: port, hostPort = 0, hostIP = "" }) => {
      if (port === 0 || (hostPort === 0 && name === "")) return [];
      if (protocol !== "TCP" && protocol !== "UDP" && protocol !== "SCTP") return [];
      return [{ name, protocol, port, hostPort, hostIP }];
    });
}

/** Pods of the node's own network, and those that no node runs yet, are no endpoints. */
export function isWorkloadEndpoint({ spec }: Pod): boolean {
  return spec.hostNetwork !== true && (spec.nodeName ?? "") !== "";
}

/** A list that is left out of the resource where it is empty. */
function unlessEmpty<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

/** Calico's v3 view of a pod, without its bandwidth limits. A finished pod stays, without addresses. */
export function toWorkloadEndpoint(pod: Pod): WorkloadEndpoint {
  const { metadata, spec } = pod;
  const { name, namespace = "default", annotations } = metadata;
  const node = spec.nodeName ?? "";
  const account = spec.serviceAccountName ?? "";
  const owned = isFinished(pod) ? [] : addresses(pod);
  const family = (address: string): boolean => address.includes(":");
  const floating = annotatedList(pod, "cni.projectcalico.org/floatingIPs").flatMap((externalIP) => {
    const internalIP = owned.find((address) => family(address) === family(externalIP));
    return internalIP === undefined ? [] : [{ internalIP, externalIP }];
  });
  const status = annotations?.[NETWORK_STATUS];
  const seen: ResourceMetadata = {
    name: workloadEndpointName(node, name),
    generateName: metadata.generateName,
    namespace,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
    labels: {
      ...metadata.labels,
      "projectcalico.org/namespace": namespace,
      "projectcalico.org/orchestrator": ORCHESTRATOR,
      ...(account !== "" &&
        account.length <= LONGEST_LABELLED_ACCOUNT && { "projectcalico.org/serviceaccount": account }),
    },
    annotations: status === undefined ? undefined : { [NETWORK_STATUS]: status },
  };
  return {
    kind: "WorkloadEndpoint",
    apiVersion: V3,
    metadata: seen,
    spec: {
      orchestrator: ORCHESTRATOR,
      node,
      containerID: annotations?.["cni.projectcalico.org/containerID"],
      pod: name,
      endpoint: ENDPOINT,
      serviceAccountName: account === "" ? undefined : account,
      ipNetworks: owned.map((address) => `${address}/${family(address) ? 128 : 32}`),
      ipNATs: unlessEmpty(floating),
      profiles: [
        `kns.${namespace}`,
        ...(account === "" ? [] : [serviceAccountProfileName(namespace, account)]),
      ],
      interfaceName: podInterfaceName(namespace, name),
      ports: unlessEmpty(ports([...spec.containers, ...spec.initContainers])),
      allowSpoofedSourcePrefixes: unlessEmpty(
        annotatedList(pod, "cni.projectcalico.org/allowedSourcePrefixes"),
      ),
    },
  };
}
