import type { Address } from "../../model/address.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Policy } from "../../model/policy.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Update } from "../../model/update.ts";
import { allow, gone, namespace, peer, pod, podsOf, policy, port, put } from "../../policy/test-objects.ts";

/** How much there is on one node. */
export interface NodeShape {
  /** What tables of figures call it. */
  readonly name: string;
  /** Each with a policy of its own that lets in peers of its own, at one port. */
  readonly endpoints: number;
  /** More endpoints, each with a policy of its own that lets nobody in: a chain without a set. */
  readonly isolated: number;
}

/** Something that comes and goes. The table is the same afterwards. */
export interface NodeChange {
  readonly come: readonly Update[];
  readonly go: readonly Update[];
}

export const OPERATIONS = ["element", "endpoint", "policy", "policy edit"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Different ones of each operation: nothing is cheap because it was just done to the same object. */
const VARIANTS = 8;
/** Behind the addresses of those that are there from the beginning. */
const LATER = 0x8_0000;

function addressOf(network: number, index: number): Address {
  return `10.${network + (index >> 16)}.${(index >> 8) & 255}.${index & 255}` as Address;
}

function localPod(name: string, index: number): Endpoint {
  const device = `cali${index.toString(16).padStart(11, "0")}` as InterfaceName;
  return pod(`local/${name}`, addressOf(64, index), { attachment: { kind: "interface", name: device } });
}

function remotePod(app: string, index: number): Endpoint {
  const changes = { labels: { app }, attachment: undefined };
  return pod(`peers/remote-${index}`, addressOf(128, index), changes);
}

const peersOf = (app: string): string => `peer-of-${app}`;

/** Lets in at one port whom no other policy names. */
function ownPolicy(app: string, at: number): Policy {
  const ingress = [allow([peer(podsOf("peers", peersOf(app)))], [port(at)])];
  return policy(`local/${app}`, { ingress }, { subjects: podsOf("local", app) });
}

/** Everything that is there before the first change. Nothing is shared between two endpoints. */
export function nodeUpdates(shape: NodeShape): Update[] {
  const updates = [put(namespace("local")), put(namespace("peers"))];
  const addPolicy = (app: string): void => {
    updates.push(put(ownPolicy(app, 8000)), put(remotePod(peersOf(app), updates.length)));
  };
  for (let index = 0; index < shape.endpoints; index++) {
    updates.push(put(localPod(`pod-${index}`, index)));
    addPolicy(`pod-${index}`);
  }
  for (let index = 0; index < shape.isolated; index++) {
    const name = `isolated-${index}`;
    const closed = policy(`local/${name}`, { ingress: [] }, { subjects: podsOf("local", name) });
    updates.push(put(localPod(name, shape.endpoints + index)), put(closed));
  }
  for (let index = 0; index < VARIANTS; index++) addPolicy(`newcomer-${index}`);
  return updates;
}

/**
 * The changes whose cost is asked for. `element`: a pod of another node joins the peers of one endpoint. `endpoint`: a pod of
 * this node, which a policy of its own awaits. `policy`: a second one for an endpoint, with another port and other peers.
 * `policy edit`: the one that it has lets the same peers in at another port.
 */
export function nodeChanges(operation: Operation, shape: NodeShape): NodeChange[] {
  return Array.from({ length: VARIANTS }, (_, index) => {
    const target = `pod-${Math.floor((index * shape.endpoints) / VARIANTS)}`;
    const comesAndGoes = (thing: Endpoint | Policy): NodeChange => ({
      come: [put(thing)],
      go: [gone(thing)],
    });
    switch (operation) {
      case "element":
        return comesAndGoes(remotePod(peersOf(target), LATER + index));
      case "endpoint":
        return comesAndGoes(localPod(`newcomer-${index}`, LATER + index));
      case "policy":
        return comesAndGoes({ ...ownPolicy(`second-${index}`, 9000), subjects: podsOf("local", target) });
      case "policy edit":
        return { come: [put(ownPolicy(target, 8001))], go: [put(ownPolicy(target, 8000))] };
      default:
        return unreachable(operation);
    }
  });
}
