import type { Endpoint } from "../../model/endpoint.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import type { Policy } from "../../model/policy.ts";
import type { ClusterState } from "../../model/update.ts";
import { allow, cluster, namespace, peer, pod, podsOf, policy, port } from "../../policy/test-objects.ts";

const CLIENTS = 5;

function numbers(count: number): number[] {
  return [...Array(count).keys()];
}

function address(block: number, number: number): string {
  return `10.${block}.${number >> 8}.${number & 255}`;
}

/** Pod `number` of this node, one of the Deployment `app`. */
function local(app: string, number: number): Endpoint {
  const name = `${app}-${number}`;
  const attachment = { kind: "interface", name: podInterfaceName("x", name) } as const;
  return pod(`x/${name}`, address(1, number), { labels: { app }, attachment });
}

/** Pods of other nodes, of the Deployments `client-0` and so on. */
function clients(kinds: number): Endpoint[] {
  return numbers(kinds).flatMap((kind) =>
    numbers(CLIENTS).map((at) =>
      pod(`x/client-${kind}-${at}`, address(2, kind * CLIENTS + at), {
        labels: { app: `client-${kind}` },
        attachment: undefined,
      }),
    ),
  );
}

/** Lets the clients of one kind in to a Deployment, on one port. */
function lets(client: number, to: string, first: number): Policy {
  const rule = allow([peer(podsOf("x", `client-${client}`))], [port(first)]);
  return policy(`x/${to}-${client}-${first}`, { ingress: [rule] }, { subjects: podsOf("x", to) });
}

export interface World {
  readonly pods: readonly Endpoint[];
  readonly others?: readonly Endpoint[];
  readonly policies?: readonly Policy[];
}

export function stateOf({ pods, others = [], policies = [] }: World): ClusterState {
  return cluster(namespace("x"), ...pods, ...others, ...policies);
}

export function withoutPolicy(pods: number): World {
  return { pods: numbers(pods).map((number) => local("web", number)) };
}

/** The same ten policies for all pods: each lets clients of its own kind in, on a port of its own. */
export function oneDeployment(pods: number): World {
  return {
    ...withoutPolicy(pods),
    others: clients(10),
    policies: numbers(10).map((kind) => lets(kind, "web", 8000 + kind)),
  };
}

/** Each Deployment has ten such policies of its own; the kinds of clients are the same ten for all. */
export function tenDeployments(pods: number): World {
  return {
    pods: numbers(pods).map((number) => local(`web-${number % 10}`, number)),
    others: clients(10),
    policies: numbers(10).flatMap((web) => numbers(10).map((kind) => lets(kind, `web-${web}`, 8000 + kind))),
  };
}

/** One pod; the clients of each policy are the same, its port is its own and touches no other's. */
export function equalPeersOnPorts(policies: number): World {
  return {
    ...withoutPolicy(1),
    others: clients(1),
    policies: numbers(policies).map((at) => lets(0, "web", 8000 + 2 * at)),
  };
}

/** One pod; the clients of each policy are others, its port is the same. */
export function otherPeersOnOnePort(policies: number): World {
  return {
    ...withoutPolicy(1),
    others: clients(policies),
    policies: numbers(policies).map((kind) => lets(kind, "web", 80)),
  };
}

/** One pod, and for each policy clients and a port of its own. */
export function otherPeersOnPorts(policies: number): World {
  return {
    ...withoutPolicy(1),
    others: clients(policies),
    policies: numbers(policies).map((kind) => lets(kind, "web", 8000 + kind)),
  };
}
