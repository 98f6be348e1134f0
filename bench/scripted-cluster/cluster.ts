import type { ApiObject } from "../../test/api-server/store.ts";
import { createDice, type Dice } from "../../test/histories/dice.ts";
import { type AddressPool, createAddressPool } from "./address-pool.ts";
import type { Change } from "./change.ts";
import { type ClusterSize, namespaceName, NODE, teamName, TEAMS } from "./cluster-size.ts";
import {
  addressOf,
  FIRST_ELSEWHERE,
  namespaceObject,
  nodeObject,
  plannedPod,
  plannedPolicy,
} from "./objects.ts";
import { createPodChanges } from "./pod-changes.ts";
import { podObject } from "./pod-object.ts";
import { policyObject } from "./policy-object.ts";
import { createPolicyChanges } from "./policy-changes.ts";
import { createProbeChanges } from "./probe-changes.ts";

export interface ClusterOptions {
  readonly size: ClusterSize;
  /** The same changes again for the same seed. */
  readonly seed: number;
  /**
   * How often every object was replaced in the past. A new cluster's pods and policies are alike; they grow various, and need
   * more sets and more memory, until all of the first ones are gone: at 0 that happens under the eyes of whoever measures.
   */
  readonly age: number;
  /** Of pod changes, one in so many is about a pod of the node under test. */
  readonly localOneIn: number;
  /** Of pod changes, one in so many moves a namespace to another team instead. */
  readonly namespaceOneIn: number;
}

/** A cluster that is alive: what there is, and what may happen next. */
export interface Cluster {
  objects(): Iterable<ApiObject>;
  pod(): Change;
  policy(): Change;
}

/** So many changes replace one pod, and one policy. */
const CHANGES_A_POD = 4;
const CHANGES_A_POLICY = 2;
/** Of pod changes, one in so many is a probe's. */
const PROBE_ONE_IN = 10;
/** Freed addresses that lie about before one is given again, as a node's IPAM leaves them alone for a while. */
const COLD_ELSEWHERE = 500;
const COLD_HERE = 20;

function pick<Item>(dice: Dice, items: readonly Item[]): Item {
  const found = items[dice.roll(items.length)];
  if (found === undefined)
    throw new TypeError("a cluster without pods, or without pods of the node, has no changes");
  return found;
}

function addressPools(
  { pods }: ClusterSize,
  here: number,
): { readonly pooledHere: AddressPool; readonly pooledElsewhere: AddressPool } {
  const last = FIRST_ELSEWHERE - 1;
  return {
    pooledHere: createAddressPool(addressOf, { from: here + 1, to: last, cold: COLD_HERE }),
    pooledElsewhere: createAddressPool(addressOf, {
      from: pods + FIRST_ELSEWHERE,
      to: 2 ** 24,
      cold: COLD_ELSEWHERE,
    }),
  };
}

/** Pods come, start, move, finish and go, policies come, are edited and go, and namespaces go to other teams. */
export function createCluster(options: ClusterOptions): Cluster {
  const { size, seed, age, localOneIn, namespaceOneIn } = options;
  const dice = createDice(seed);
  const pods = Array.from({ length: size.pods }, (_, index) => plannedPod(index, size));
  const here = pods.filter(({ node }) => node === NODE);
  const elsewhere = pods.filter(({ node }) => node !== NODE);
  const homes = [...new Set(here.map(({ namespace }) => namespace))];
  const nodes = [...new Set(elsewhere.map(({ node }) => node))];
  const teams = new Map(
    Array.from({ length: size.namespaces }, (_, index) => [namespaceName(index), teamName(index)] as const),
  );
  const anyNamespace = (): string => namespaceName(dice.roll(size.namespaces));
  let numbers = size.pods;
  const number = (): number => numbers++;
  const { pooledHere, pooledElsewhere } = addressPools(size, here.length);
  const podsHere = createPodChanges({
    dice,
    number,
    pods: here,
    addresses: pooledHere,
    place: () => ({ namespace: pick(dice, homes), node: NODE }),
  });
  const podsElsewhere = createPodChanges({
    dice,
    number,
    pods: elsewhere,
    addresses: pooledElsewhere,
    place: () => ({ namespace: anyNamespace(), node: pick(dice, nodes) }),
  });
  const probes = createProbeChanges(pooledElsewhere, number);
  const policies = createPolicyChanges({
    dice,
    policies: Array.from({ length: size.policies }, (_, index) => plannedPolicy(index, size)),
    // Half of them where pods of the node are, who would change nothing here otherwise.
    place: () => (dice.oneIn(2) ? pick(dice, homes) : anyNamespace()),
  });

  function moveNamespace(): Change {
    const [name, team] = [dice.oneIn(2) ? pick(dice, homes) : anyNamespace(), teamName(dice.roll(TEAMS))];
    teams.set(name, team);
    return { kind: "apply", object: () => namespaceObject(name, team) };
  }

  for (let at = 0; at < age * CHANGES_A_POD * elsewhere.length; at++) podsElsewhere.next();
  for (let at = 0; at < age * CHANGES_A_POD * here.length; at++) podsHere.next();
  for (let at = 0; at < age * CHANGES_A_POLICY * size.policies; at++) policies.next();

  return {
    *objects() {
      yield nodeObject();
      for (const [name, team] of teams) yield namespaceObject(name, team);
      for (const plan of policies.plans) yield policyObject(plan);
      for (const plan of [...podsHere.plans(), ...podsElsewhere.plans()]) yield podObject(plan);
      yield* probes.ground;
    },
    pod() {
      if (dice.oneIn(PROBE_ONE_IN)) return probes.next();
      if (dice.oneIn(namespaceOneIn)) return moveNamespace();
      return (dice.oneIn(localOneIn) ? podsHere : podsElsewhere).next();
    },
    policy: () => policies.next(),
  };
}
