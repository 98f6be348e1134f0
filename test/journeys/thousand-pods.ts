import type { Address } from "../../model/address.ts";
import { type Endpoint, endpointId, type Namespace } from "../../model/endpoint.ts";
import { type Policy, policyId } from "../../model/policy.ts";
import { TCP } from "../../model/protocol.ts";
import type { Selector } from "../../model/selector.ts";
import { type ClusterState, emptyClusterState } from "../../model/update.ts";

const NAMESPACES = 10;
const APPS = 20;

/** Pod `n{number % 10}/p{number}`; the first hundred are of this node. */
export function pod(number: number, changes: Partial<Endpoint> = {}): Endpoint {
  const namespace = `n${number % NAMESPACES}`;
  const name = `p${number}`;
  return {
    id: endpointId(namespace, name),
    namespace,
    uidOrder: 0,
    labels: { app: `a${number % APPS}`, track: "stable" },
    addresses: [`10.0.${number >> 8}.${number & 255}` as Address],
    ports: [{ name: "web", protocol: TCP, port: 8080 }],
    attachment: number < 100 ? { kind: "address" } : undefined,
    finished: false,
    deleting: false,
    startedAt: number,
    ...changes,
  };
}

function is(key: string, value: string): Selector {
  return { kind: "in", key, values: [value] };
}

/** `n{number % 10}/policy-{number}`: ten in each namespace; each lets two kinds of pods in at a port of its own, and all out to ports named `web`. */
export function policy(number: number): Policy {
  const namespace = `n${number % NAMESPACES}`;
  const everywhere = { kind: "labelled", selector: is("team", `t${number % 2}`) } as const;
  return {
    id: policyId("NetworkPolicy", namespace, `policy-${number}`),
    title: `${namespace}/policy-${number}`,
    tier: "default",
    order: 1000,
    subjects: { namespaces: { kind: "named", name: namespace }, endpoints: { kind: "all" } },
    directions: ["ingress", "egress"],
    ingress: [
      {
        action: "allow",
        peers: [
          {
            kind: "endpoints",
            selector: { namespaces: { kind: "named", name: namespace }, endpoints: is("track", "canary") },
          },
          {
            kind: "endpoints",
            selector: { namespaces: everywhere, endpoints: is("app", `a${number % APPS}`) },
          },
        ],
        ports: [{ kind: "range", protocol: TCP, first: 1000 + number, last: 1000 + number }],
        source: "ingress[0]",
      },
    ],
    egress: [
      {
        action: "allow",
        peers: [
          {
            kind: "endpoints",
            selector: { namespaces: { kind: "named", name: namespace }, endpoints: is("track", "stable") },
          },
        ],
        ports: [{ kind: "named", protocol: TCP, name: "web" }],
        source: "egress[0]",
      },
    ],
  };
}

function namespaceAt(number: number): Namespace {
  return { name: `n${number}`, labels: { team: `t${number % 2}` } };
}

/** A cluster of 1,000 pods and 100 policies. */
export function thousandPods(): ClusterState {
  const state = emptyClusterState();
  for (let n = 0; n < NAMESPACES; n++) state.namespaces.set(`n${n}`, namespaceAt(n));
  for (let n = 0; n < 1000; n++) state.endpoints.set(pod(n).id, pod(n));
  for (let n = 0; n < 100; n++) state.policies.set(policy(n).id, policy(n));
  return state;
}
