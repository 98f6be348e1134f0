import { expect, test } from "bun:test";
import { compileRuleset } from "../../policy/compiler.ts";
import { openFake, settleAndTidy } from "./fake-dataplane.ts";
import {
  equalPeersOnPorts,
  oneDeployment,
  otherPeersOnOnePort,
  otherPeersOnPorts,
  stateOf,
  tenDeployments,
  withoutPolicy,
  type World,
} from "./known-worlds.ts";

// Each later commit of a batch walks by all chains and sets of the table: few of them is what keeps changes cheap.

interface Counts {
  /** Lists of policies, each for one direction. */
  readonly programs: number;
  readonly peerSets: number;
  readonly chains: number;
  /** In the kernel, maps included. */
  readonly sets: number;
  readonly elements: number;
}

async function countsOf(world: World): Promise<Counts> {
  const ruleset = compileRuleset(stateOf(world));
  const { dataplane } = openFake();
  dataplane.want(ruleset, undefined);
  expect((await settleAndTidy(dataplane)).kind).toBe("applied");
  const { chains, sets, elements } = dataplane.status;
  return { programs: ruleset.programs.size, peerSets: ruleset.addressSets.size, chains, sets, elements };
}

/** The frame: what hooks, gate and dispatch need, whatever there is to judge. */
const FRAME = { chains: 9, sets: 12 };

const TABLE: readonly (readonly [name: string, world: World, counts: Counts])[] = [
  ["no pod", { pods: [] }, { programs: 0, peerSets: 0, ...FRAME, elements: 0 }],
  // For each pod its address in the gate, and its interface in the dispatch of either direction.
  ["1 pod without policy", withoutPolicy(1), { programs: 0, peerSets: 0, ...FRAME, elements: 3 }],
  ["110 pods without policy", withoutPolicy(110), { programs: 0, peerSets: 0, ...FRAME, elements: 330 }],
  [
    // Chains: one of the program, one for each list of peers. Sets: two for each list, of IPv4 and IPv6, and the program's map of
    // ports. Elements: 3 for each pod, 5 clients of each kind, 10 ports.
    "110 pods of one Deployment with the same 10 policies",
    oneDeployment(110),
    { programs: 1, peerSets: 10, chains: 20, sets: 33, elements: 390 },
  ],
  [
    // A program and its map of 10 ports for each Deployment; all share the chains and sets of the peers.
    "110 pods of 10 Deployments, each with 10 policies of its own, from the same 10 kinds of clients",
    tenDeployments(110),
    { programs: 10, peerSets: 10, chains: 29, sets: 42, elements: 480 },
  ],
  [
    // All policies are one program, all peers one list. Elements: 3 of the pod, 5 clients, 1,000 ports.
    "1,000 policies on one pod, equal peers on different ports",
    equalPeersOnPorts(1_000),
    { programs: 1, peerSets: 1, chains: 11, sets: 15, elements: 1_008 },
  ],
  [
    // What may come in by one port is one list, whoever said it: 5,000 clients in one set. So few ports need no map, and
    // one port no chain for the list.
    "1,000 policies on one pod, different peers on one port",
    otherPeersOnOnePort(1_000),
    { programs: 1, peerSets: 1, chains: 10, sets: 14, elements: 5_003 },
  ],
  [
    // The worst case: nothing is shared, and each list of peers is a chain and two sets.
    "1,000 policies on one pod, different peers on different ports",
    otherPeersOnPorts(1_000),
    { programs: 1, peerSets: 1_000, chains: 1_010, sets: 2_013, elements: 6_003 },
  ],
];

test.each(TABLE)("%s", async (_, world, counts) => {
  expect(await countsOf(world)).toEqual(counts);
});

test.each([
  ["without policy", withoutPolicy],
  ["of one Deployment", oneDeployment],
  ["of 10 Deployments", tenDeployments],
])("twice the pods %s: the same chains and sets, three elements a pod more", async (_, world) => {
  const [once, twice] = [await countsOf(world(110)), await countsOf(world(220))];
  expect(twice).toEqual({ ...once, elements: once.elements + 330 });
});

test("ten times the policies with equal lists of peers: the same sets but for their maps of ports", async () => {
  const [one, ten] = [await countsOf(oneDeployment(110)), await countsOf(tenDeployments(110))];
  expect(ten.peerSets).toBe(one.peerSets);
  expect(ten.sets - one.sets).toBe(ten.programs - one.programs);
  expect(ten.chains - one.chains).toBe(ten.programs - one.programs);
});
