import type { AddressSetId, Peers, PortSegment, Program, ServiceSetId, Stage } from "../../model/ruleset.ts";
import type { Expression, Verdict } from "./batch.ts";
import { safeComment } from "./comment.ts";
import {
  ACCEPT,
  addressField,
  COUNTER,
  DROP,
  equals,
  inSet,
  jump,
  L4PROTO,
  portField,
  verdictOf,
} from "./expressions.ts";
import {
  elementsByText,
  type KernelChain,
  type KernelElement,
  type KernelRule,
  type KernelSet,
  type Rendering,
} from "./kernel-objects.ts";
import type { Names, Side } from "./names.ts";
import { addressKernelSets, type SetShape } from "./render-sets.ts";

/** What a program may refer to: sets that are in the kernel, or about to be. Anything else matches nobody. */
export interface KnownSets {
  shapeOf(id: AddressSetId): SetShape | undefined;
  hasServices(id: ServiceSetId): boolean;
}

export interface ProgramOptions {
  /** As the judge of replies to what the program allows: source and destination are swapped, and it ends undecided. */
  readonly mirrored: boolean;
}

export interface ProgramRendering extends Rendering {
  /** The chains of peers that its port maps jump to; programs share them. */
  readonly peers: readonly { readonly set: AddressSetId; readonly side: Side }[];
}

/** Which end of the packet the peer is. */
function peerSide({ direction }: Pick<Program, "direction">, mirrored: boolean): Side {
  return (direction === "ingress") === mirrored ? "to" : "from";
}

function addressOf(side: Side): "saddr" | "daddr" {
  return side === "from" ? "saddr" : "daddr";
}

/** One rule a kernel set: accepts its members, else goes on to the next rule. */
function peerRules(names: Names, id: AddressSetId, options: { shape: SetShape; side: Side }): KernelRule[] {
  const { shape, side } = options;
  return addressKernelSets(names, id, shape).map(({ name, type }) => ({
    expr: [inSet(addressField(type === "ipv4_addr" ? 4 : 6, addressOf(side)), name), ACCEPT],
    comment: safeComment(shape.title),
  }));
}

/** The chain that port maps jump to; it falls back into the program. */
export function peersChain(
  names: Names,
  id: AddressSetId,
  options: { shape: SetShape; side: Side },
): KernelChain {
  return { name: names.peers(id, options.side), rules: peerRules(names, id, options) };
}

function segmentKey({ protocol, first, last }: PortSegment): Expression {
  return { concat: [protocol, first === last ? first : { range: [first, last] }] };
}

function segmentVerdict(names: Names, peers: Peers, side: Side): Verdict {
  return peers.kind === "everyone" ? ACCEPT : jump(names.peers(peers.set, side));
}

/**
 * So few segments are rules: a packet passes them as fast as it looks into a map, and whenever the kernel looks for a set by
 * its name, it walks by all sets.
 */
const FEW_SEGMENTS = 3;
const LAST_PORT = 65_535;

/** The same as an element of the map of ports, as a rule. */
function segmentRule({ protocol, first, last }: PortSegment, port: Expression, verdict: Verdict): KernelRule {
  const ofProtocol = equals(L4PROTO, protocol);
  if (first === 0 && last === LAST_PORT) return { expr: [ofProtocol, verdict] };
  const ports: Expression = first === last ? first : { range: [first, last] };
  return { expr: [ofProtocol, equals(port, ports), verdict] };
}

interface StageRendering {
  readonly rules: readonly KernelRule[];
  readonly sets: readonly KernelSet[];
  readonly elements: readonly KernelElement[];
  readonly peers: readonly AddressSetId[];
}

function renderStage(names: Names, stage: Stage, options: StageOptions): StageRendering {
  const { program, known, side, index, mirrored } = options;
  const rules: KernelRule[] = [];
  const sets: KernelSet[] = [];
  const elements: KernelElement[] = [];
  const port = portField(mirrored ? "sport" : "dport");
  if (stage.anyPort?.kind === "everyone") return { rules: [{ expr: [ACCEPT] }], sets, elements, peers: [] };
  if (stage.anyPort !== undefined) {
    const shape = known.shapeOf(stage.anyPort.set);
    if (shape !== undefined) rules.push(...peerRules(names, stage.anyPort.set, { shape, side }));
  }
  const isKnown = ({ peers }: PortSegment) =>
    peers.kind === "everyone" || known.shapeOf(peers.set) !== undefined;
  const segments = stage.segments.filter(isKnown);
  if (segments.length <= FEW_SEGMENTS) {
    for (const segment of segments)
      rules.push(segmentRule(segment, port, segmentVerdict(names, segment.peers, side)));
  } else {
    const ranges = segments.some(({ first, last }) => first !== last);
    const name = names.ports(program.id, { stage: index, ranges, mirrored });
    sets.push({ name, type: ["inet_proto", "inet_service"], interval: ranges, map: true });
    for (const segment of segments) {
      elements.push({
        set: name,
        key: segmentKey(segment),
        verdict: segmentVerdict(names, segment.peers, side),
      });
    }
    rules.push({ expr: [verdictOf({ concat: [L4PROTO, port] }, name)] });
  }
  if (stage.services !== undefined && known.hasServices(stage.services)) {
    for (const family of [4, 6] as const) {
      const target = { concat: [addressField(family, addressOf(side)), L4PROTO, port] };
      rules.push({ expr: [inSet(target, names.services(stage.services, family)), ACCEPT] });
    }
  }
  const peers = new Set(segments.flatMap((one) => (one.peers.kind === "set" ? [one.peers.set] : [])));
  return { rules, sets, elements, peers: [...peers] };
}

interface StageOptions {
  readonly program: Program;
  readonly known: KnownSets;
  readonly side: Side;
  readonly index: number;
  readonly mirrored: boolean;
}

/**
 * One chain for all endpoints with these policies, and a map from port to peers for each stage that tells many ports apart: a packet
 * costs one look-up however many policies there are. Every path ends in a verdict, except in mirrored programs.
 */
export function renderProgram(
  names: Names,
  program: Program,
  options: ProgramOptions & { readonly known: KnownSets },
): ProgramRendering {
  const { mirrored, known } = options;
  const side = peerSide(program, mirrored);
  const stages = program.stages.map((stage, index) =>
    renderStage(names, stage, { program, known, side, index, mirrored }),
  );
  const rules = stages.flatMap((stage) => stage.rules);
  if (!mirrored) rules.push({ expr: [COUNTER, DROP], comment: safeComment(program.title) });
  const peers = new Set(stages.flatMap((stage) => stage.peers));
  return {
    sets: stages.flatMap((stage) => stage.sets),
    chains: [{ name: names.program(program.id, mirrored), rules }],
    elements: elementsByText(stages.flatMap((stage) => stage.elements)),
    peers: [...peers].map((set) => ({ set, side })),
  };
}
