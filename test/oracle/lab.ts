import type { EgressRule, IngressRule, LabelSelector, Maybe, NamespaceObject } from "./objects.ts";
import type { NetworkPolicyObject, OracleFlow, OracleParty, PodObject, World } from "./objects.ts";
import { fullName } from "./objects.ts";

// The cluster that examples and packets share: three namespaces of three pods each, one address of each family a pod.

export const LAB_NAMESPACES: readonly string[] = ["x", "y", "z"];
export const LAB_POD_NAMES: readonly string[] = ["a", "b", "c"];
/** `x/a` to `z/c`. */
export const LAB_PODS: readonly string[] = LAB_NAMESPACES.flatMap((namespace) =>
  LAB_POD_NAMES.map((name) => `${namespace}/${name}`),
);
/** What packets from and to the lab's node carry. */
export const LAB_NODE: Readonly<Record<4 | 6, string>> = { 4: "10.77.0.1", 6: "fd77::1" };
/** Somewhere outside the cluster. */
export const LAB_OUTSIDE: Readonly<Record<4 | 6, string>> = { 4: "192.0.2.7", 6: "2001:db8::7" };

/** `x/a` is 10.77.1.1 and fd77::1:1, `z/c` is 10.77.3.3 and fd77::3:3. */
export function labAddress(pod: string, family: 4 | 6): string {
  const [namespace = "", name = ""] = pod.split("/");
  const high = LAB_NAMESPACES.indexOf(namespace) + 1;
  const low = LAB_POD_NAMES.indexOf(name) + 1;
  if (high === 0 || low === 0) throw new Error(`${pod} is no pod of the lab`);
  return family === 4 ? `10.77.${high}.${low}` : `fd77::${high}:${low}`;
}

export function makeNamespace(name: string, labels: Readonly<Record<string, string>> = {}): NamespaceObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export interface PodChanges {
  readonly metadata?: Partial<PodObject["metadata"]>;
  readonly spec?: Partial<PodObject["spec"]>;
  readonly status?: NonNullable<PodObject["status"]>;
}

/** A running pod; one of the lab has its address there and the label `pod`. Changes replace whole fields. */
export function makePod(id: string, { metadata, spec, status }: PodChanges = {}): PodObject {
  const [namespace = "", name = ""] = id.split("/");
  const podIPs = LAB_PODS.includes(id) ? [{ ip: labAddress(id, 4) }, { ip: labAddress(id, 6) }] : [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, uid: `uid-${id}`, labels: { pod: name }, ...metadata },
    spec: {
      containers: [
        {
          name: "main",
          ports: [
            { name: "web", containerPort: 80 },
            { name: "alternative", containerPort: 81 },
            { name: "query", containerPort: 81, protocol: "UDP" },
          ],
        },
      ],
      ...spec,
    },
    status: { phase: "Running", podIPs, ...status },
  };
}

export type PolicySpec = NonNullable<NetworkPolicyObject["spec"]>;

export function makePolicy(id: string, spec: Maybe<PolicySpec>): NetworkPolicyObject {
  const [namespace = "", name = ""] = id.split("/");
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace, name },
    spec,
  };
}

/** A selector of the lab's pods by name. */
export function pods(...names: readonly string[]): LabelSelector {
  return { matchExpressions: [{ key: "pod", operator: "In", values: names }] };
}

/** A selector of the lab's namespaces by name. */
export function inNamespaces(...names: readonly string[]): LabelSelector {
  return { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: names }] };
}

/** Isolates the receiving side of the selected pods but for what the rules allow. */
export function ingressPolicy(
  id: string,
  podSelector: LabelSelector,
  ...ingress: IngressRule[]
): NetworkPolicyObject {
  return makePolicy(id, { podSelector, policyTypes: ["Ingress"], ingress });
}

/** Isolates the sending side of the selected pods but for what the rules allow. */
export function egressPolicy(
  id: string,
  podSelector: LabelSelector,
  ...egress: EgressRule[]
): NetworkPolicyObject {
  return makePolicy(id, { podSelector, policyTypes: ["Egress"], egress });
}

/** The lab with these policies; `others` are pods and namespaces that join it or take the place of their namesakes. */
export function labWorld(
  policies: readonly NetworkPolicyObject[],
  others: { readonly pods?: readonly PodObject[]; readonly namespaces?: readonly NamespaceObject[] } = {},
): World {
  const extraPods = others.pods ?? [];
  const extraNamespaces = others.namespaces ?? [];
  const taken = new Set([...extraPods, ...extraNamespaces].map(fullName));
  return {
    namespaces: [
      ...LAB_NAMESPACES.map((name) => makeNamespace(name, { ns: name })).filter(
        (namespace) => !taken.has(fullName(namespace)),
      ),
      ...extraNamespaces,
    ],
    pods: [...LAB_PODS.filter((id) => !taken.has(id)).map((id) => makePod(id)), ...extraPods],
    policies,
  };
}

function party(text: string): OracleParty {
  if (text.startsWith("node ")) return { node: text.slice("node ".length) };
  return text.includes("/") ? { pod: text } : { address: text };
}

/**
 * A flow from short texts: ends are `NAMESPACE/POD`, an address, or `node ADDRESS`; what is sent is `TCP 80` or `ICMP`.
 * IPv4 unless an end or the last argument says otherwise.
 */
export function flow(from: string, to: string, what: string, more: Partial<OracleFlow> = {}): OracleFlow {
  const [protocol = "", port] = what.split(" ");
  const family = `${from}${to}`.includes(":") ? 6 : 4;
  const numbered = port === undefined ? {} : { port: Number(port) };
  return { from: party(from), to: party(to), protocol, ...numbered, family, ...more };
}
