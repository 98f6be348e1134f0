import type { LabPod } from "../../demo/lab/lab.ts";
import type { Address } from "../../model/address.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import { NODE, teamName } from "../scripted-cluster/cluster-size.ts";
import { namespaceObject } from "../scripted-cluster/objects.ts";
import { podObject, type PodPlan } from "../scripted-cluster/pod-object.ts";
import { teamPeers } from "../scripted-cluster/policy-object.ts";

/** Where the pods of this node live that are probed. */
export const HOME = "bench-home";
/** Where pods elsewhere come and go, in a team that a policy of HOME lets in. */
export const AWAY = "bench-away";

const TEAM = 1;
const APP = 1;

interface OwnPod {
  readonly name: string;
  readonly address: Address;
}

/** Takes packets of CLIENT, where the policies that come and go let it. */
export const TARGET: OwnPod = { name: "target", address: "10.0.0.201" as Address };
export const CLIENT: OwnPod = { name: "client", address: "10.0.0.202" as Address };
/** Takes packets of one team's pods, as the policies of the cluster do. */
export const VISITED: OwnPod = { name: "visited", address: "10.0.0.203" as Address };
const OWN_PODS = [TARGET, CLIENT, VISITED];

/** The same pods, for the lab. */
export const LAB_PODS: readonly LabPod[] = OWN_PODS.map(({ name, address }) => ({
  namespace: HOME,
  name,
  ipv4: address,
}));

const OWN_NUMBERS = 2e9;
const COMMON = { deployment: 0, version: "v1", restarts: 0 } as const;

function ownPod({ name, address }: OwnPod, index: number): ApiObject {
  return podObject({
    ...COMMON,
    number: OWN_NUMBERS + index,
    namespace: HOME,
    name,
    app: name,
    node: NODE,
    address,
    phase: "Running",
  });
}

/** A pod elsewhere that has no address yet, of an app that a policy of HOME lets in. */
export function latePod(index: number): ApiObject {
  const plan: PodPlan = {
    ...COMMON,
    number: OWN_NUMBERS + 1_000 + index,
    namespace: AWAY,
    name: `late-${index}`,
    app: `app-${APP}`,
    node: "node-1",
    address: "",
    phase: "Pending",
  };
  return podObject(plan);
}

/** No two late pods share one: a set would have it already. */
export function lateAddress(index: number): Address {
  return `10.64.${(index >> 8) & 255}.${index & 255}` as Address;
}

/** Ingress to a pod of HOME. */
export function homePolicy(name: string, app: string, ingress: readonly unknown[]): ApiObject {
  const spec = { podSelector: { matchLabels: { app } }, policyTypes: ["Ingress"], ingress };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: HOME },
    spec,
  };
}

/** The last pod and the last policy that are put there. */
export const LAST_STORED: readonly string[] = [
  `/apis/networking.k8s.io/v1/namespaces/${HOME}/networkpolicies/visitors`,
  `/api/v1/namespaces/${HOME}/pods/${VISITED.name}`,
];

/** What this bench needs beside the cluster. */
export function stageObjects(): ApiObject[] {
  return [
    namespaceObject(HOME, "none"),
    namespaceObject(AWAY, teamName(TEAM)),
    homePolicy("visitors", VISITED.name, [{ from: teamPeers(TEAM, APP) }]),
    ...OWN_PODS.map(ownPod),
  ];
}
