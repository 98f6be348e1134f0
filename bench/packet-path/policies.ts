import type { LabPod, PodPlace } from "../../demo/lab/lab.ts";
import { whole } from "../../demo/lab/place.ts";

/** Policies have ports of their own; the last one's is the one that is measured. */
const FIRST_PORT = 10_000;

export function lastPort(policies: number): number {
  return FIRST_PORT + Math.max(0, policies - 1);
}

const NAMESPACE = "bench";

/** A pod of this node where no node is named. */
function pod(name: string, app: string, addresses: readonly string[], nodeName?: string): object {
  const metadata = { name, namespace: NAMESPACE, labels: { app } };
  const status = { podIPs: addresses.map((ip) => ({ ip })) };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { nodeName }, status };
}

/** A range of its own for each policy, in both families. */
function blocks(index: number): readonly string[] {
  return [`198.18.${index >> 4}.${(index & 15) << 4}/28`, `2001:db8:b:${index.toString(16)}::/64`];
}

interface Side {
  readonly direction: "ingress" | "egress";
  readonly subject: string;
  readonly other: PodPlace;
  /** Whether policies at odd places name pods, and the others blocks, or the other way round. */
  readonly odd: "pods" | "blocks";
}

/** The last policy lets the other pod through, by its label or by its addresses; each of the rest lets somebody else. */
function policy({ direction, subject, other, odd }: Side, index: number, policies: number): object {
  const last = index === policies - 1;
  const kind = (index % 2 === 1) === (odd === "pods") ? "pods" : "blocks";
  const peers =
    kind === "pods"
      ? [{ podSelector: { matchLabels: { app: last ? appOf(other) : `app-${index}` } } }]
      : (last ? other.addresses.map(whole) : blocks(index)).map((cidr) => ({ ipBlock: { cidr } }));
  const ports = [{ port: FIRST_PORT + index, protocol: "TCP" }];
  const rule = { [direction === "ingress" ? "from" : "to"]: peers, ports };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `${direction}-${index}`, namespace: NAMESPACE },
    spec: {
      podSelector: { matchLabels: { app: subject } },
      policyTypes: [direction === "ingress" ? "Ingress" : "Egress"],
      [direction]: [rule],
    },
  };
}

function appOf({ key }: PodPlace): string {
  return key.slice(key.indexOf("/") + 1);
}

export const CLIENT: LabPod = { namespace: NAMESPACE, name: "client" };
export const SERVER: LabPod = { namespace: NAMESPACE, name: "server" };

/**
 * Kubernetes objects of a node with two pods, and so many policies on each: egress on the client, ingress on the server.
 * Half of them name pods, which exist, half of them blocks; all only allow, each on a port of its own.
 */
export function cluster(client: PodPlace, server: PodPlace, policies: number): object[] {
  const indexes = Array.from({ length: policies }, (_, index) => index);
  const ingress: Side = { direction: "ingress", subject: SERVER.name, other: client, odd: "pods" };
  const egress: Side = { direction: "egress", subject: CLIENT.name, other: server, odd: "blocks" };
  const peer = (index: number): object =>
    pod(
      `peer-${index}`,
      `app-${index}`,
      [`10.66.${index >> 8}.${index & 255}`, `fd00:66::${index.toString(16)}`],
      "elsewhere",
    );
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: { name: NAMESPACE } } },
    ...[client, server].map((place) => pod(appOf(place), appOf(place), place.addresses)),
    ...indexes.map(peer),
    ...[ingress, egress].flatMap((side) => indexes.map((index) => policy(side, index, policies))),
  ];
}
