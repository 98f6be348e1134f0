import * as fc from "fast-check";
import type { OracleFlow, OracleParty, PodObject, World } from "../oracle/objects.ts";
import { fullName } from "../oracle/objects.ts";
import { PORT_PROTOCOLS, vocabulary } from "./vocabulary.ts";
import type { Profile, Vocabulary } from "./vocabulary.ts";

/** A flow before it knows its world: numbers that choose from whatever there is, so that both shrink apart. */
export interface FlowChoice {
  readonly from: number;
  readonly to: number;
  readonly protocol: number;
  readonly port: number;
  readonly family: 4 | 6;
  /** Usually none; else which address a sending pod writes. */
  readonly source: number | null;
}

const CHOICE = fc.nat({ max: 9999 });

export const arbitraryFlowChoice: fc.Arbitrary<FlowChoice> = fc.record({
  from: CHOICE,
  to: CHOICE,
  protocol: CHOICE,
  port: CHOICE,
  family: fc.constantFrom<(4 | 6)[]>(4, 6),
  source: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: CHOICE }),
});

function pick<Item>(items: readonly Item[], choice: number): Item {
  const item = items[choice % items.length];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

function isOnPodNetwork(pod: PodObject): boolean {
  return pod.spec.hostNetwork !== true;
}

/** Everybody who may stand at an end: every pod, some addresses of pods and of nobody, and the node. */
function parties(world: World, words: Vocabulary, family: 4 | 6, profile: Profile): OracleParty[] {
  const pods = world.pods.map((pod): OracleParty => ({ pod: fullName(pod) }));
  const node: OracleParty = { node: words.node[family] };
  if (profile === "packets") return [...pods, node];
  const addresses = [...words.outside[family], ...words.addresses[family].slice(0, 2)];
  return [...pods, ...pods, ...pods, ...addresses.map((address): OracleParty => ({ address })), node];
}

/** Ports that rules may name, and twice over those that the destination names. */
function ports(world: World, words: Vocabulary, to: OracleParty): number[] {
  const pod = "pod" in to ? world.pods.find((candidate) => fullName(candidate) === to.pod) : undefined;
  const containers = [...(pod?.spec.containers ?? []), ...(pod?.spec.initContainers ?? [])];
  const named = containers.flatMap((container) =>
    (container.ports ?? []).map(({ containerPort }) => containerPort),
  );
  return [...words.portNumbers, ...named, ...named];
}

function withPort(protocol: string, port: number): { protocol: string; port?: number } {
  return PORT_PROTOCOLS.includes(protocol) ? { protocol, port } : { protocol };
}

/** The flow that a choice means in this world. */
export function chooseFlow(world: World, choice: FlowChoice, profile: Profile = "logical"): OracleFlow {
  const words = vocabulary(profile);
  const { family } = choice;
  const ends = parties(world, words, family, profile);
  const from = pick(ends, choice.from);
  const sender = "pod" in from && world.pods.some((pod) => fullName(pod) === from.pod && isOnPodNetwork(pod));
  const forged = pick([...words.addresses[family], ...words.outside[family]], choice.source ?? 0);
  const to = pick(ends, choice.to);
  return {
    from,
    to,
    ...withPort(pick(words.protocols, choice.protocol), pick(ports(world, words, to), choice.port)),
    family,
    ...(sender && choice.source !== null ? { claimedSource: forged } : {}),
  };
}

export function arbitraryFlow(world: World, profile: Profile = "logical"): fc.Arbitrary<OracleFlow> {
  return arbitraryFlowChoice.map((choice) => chooseFlow(world, choice, profile));
}

export interface MatrixOptions {
  readonly profile: Profile;
  readonly families?: readonly (4 | 6)[];
  readonly protocols?: readonly string[];
  readonly ports?: readonly number[];
}

/** Every pod and the node to every pod and the node, over each family, protocol and port; no node to itself. */
export function worldFlows(world: World, options: MatrixOptions): OracleFlow[] {
  const words = vocabulary(options.profile);
  const flows: OracleFlow[] = [];
  for (const family of options.families ?? [4, 6]) {
    const ends: OracleParty[] = [
      ...world.pods.map((pod) => ({ pod: fullName(pod) })),
      { node: words.node[family] },
    ];
    for (const protocol of options.protocols ?? new Set(words.protocols)) {
      const hasPorts = PORT_PROTOCOLS.includes(protocol);
      for (const port of hasPorts ? (options.ports ?? words.portNumbers) : [0]) {
        for (const from of ends) {
          for (const to of ends) {
            if ("node" in from && "node" in to) continue;
            flows.push({ from, to, ...withPort(protocol, port), family });
          }
        }
      }
    }
  }
  return flows;
}
