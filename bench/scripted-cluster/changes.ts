import { createDice, type Dice } from "../../test/histories/dice.ts";
import { type AddressPool, createAddressPool } from "./address-pool.ts";
import type { Change } from "./change.ts";
import { type ClusterSize, namespaceName, NODE, teamName, TEAMS } from "./cluster-size.ts";
import { addressOf, FIRST_ELSEWHERE, namespaceObject, plannedPod, plannedPolicy } from "./objects.ts";
import { createPodChanges } from "./pod-changes.ts";
import type { PodPlan } from "./pod-object.ts";
import { createPolicyChanges } from "./policy-changes.ts";
import { createProbeChanges } from "./probe-changes.ts";

export interface ChangesOptions {
  readonly size: ClusterSize;
  /** The same changes again for the same seed. */
  readonly seed: number;
  /** Of pod changes, one in so many is about a pod of the node under test. */
  readonly localOneIn: number;
  /** Of pod changes, one in so many moves a namespace to another team instead. */
  readonly namespaceOneIn: number;
}

/** A cluster that is alive: what may happen next to what there is. */
export interface Changes {
  /** What comes before all others. */
  readonly ground: readonly Change[];
  pod(): Change;
  policy(): Change;
}

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

/** Changes to `clusterObjects(size)`: pods come, start, move, finish and go, policies come, are edited and go. */
export function createChanges({ size, seed, localOneIn, namespaceOneIn }: ChangesOptions): Changes {
  const dice = createDice(seed);
  const pods = Array.from({ length: size.pods }, (_, index) => plannedPod(index, size));
  const here = pods.filter(({ node }) => node === NODE);
  const elsewhere = pods.filter(({ node }) => node !== NODE);
  const homes = [...new Set(here.map(({ namespace }) => namespace))];
  const nodes = [...new Set(elsewhere.map(({ node }) => node))];
  const anyNamespace = (): string => namespaceName(dice.roll(size.namespaces));
  let numbers = size.pods;
  const number = (): number => numbers++;
  const changesOf = (
    some: readonly PodPlan[],
    addresses: AddressPool,
    place: () => Pick<PodPlan, "namespace" | "node">,
  ): (() => Change) => createPodChanges({ dice, pods: some, place, number, addresses });

  const addressesHere = createAddressPool(addressOf, {
    from: here.length + 1,
    to: FIRST_ELSEWHERE - 1,
    cold: COLD_HERE,
  });
  const addressesElsewhere = createAddressPool(addressOf, {
    from: size.pods + FIRST_ELSEWHERE,
    to: 2 ** 24,
    cold: COLD_ELSEWHERE,
  });
  const podHere = changesOf(here, addressesHere, () => ({ namespace: pick(dice, homes), node: NODE }));
  const podElsewhere = changesOf(elsewhere, addressesElsewhere, () => ({
    namespace: anyNamespace(),
    node: pick(dice, nodes),
  }));
  const probes = createProbeChanges(addressesElsewhere, number);
  const policy = createPolicyChanges({
    dice,
    policies: Array.from({ length: size.policies }, (_, index) => plannedPolicy(index, size)),
    // Half of them where pods of the node are, who would change nothing here otherwise.
    place: () => (dice.oneIn(2) ? pick(dice, homes) : anyNamespace()),
  });

  return {
    ground: probes.ground,
    pod() {
      if (dice.oneIn(PROBE_ONE_IN)) return probes.next();
      if (dice.oneIn(namespaceOneIn)) {
        const name = dice.oneIn(2) ? pick(dice, homes) : anyNamespace();
        return { kind: "apply", object: namespaceObject(name, teamName(dice.roll(TEAMS))) };
      }
      return dice.oneIn(localOneIn) ? podHere() : podElsewhere();
    },
    policy,
  };
}
