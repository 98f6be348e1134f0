import type { AddressSetId, Peers, PortSegment, Program, ServiceSetId, Stage } from "../../model/ruleset.ts";
import type { Expression, Statement, Verdict } from "./batch.ts";
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
  /** The chains of peers that its rules and its port maps jump to; programs share them. */
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

/** None where the kernel does not have the set. */
function knownPeerRules(
  names: Names,
  id: AddressSetId,
  { known, side }: { readonly known: KnownSets; readonly side: Side },
): KernelRule[] {
  const shape = known.shapeOf(id);
  return shape === undefined ? [] : peerRules(names, id, { shape, side });
}

/** The chain that segments jump to; it falls back into the program. */
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

interface SegmentOptions {
  readonly port: Expression;
  readonly known: KnownSets;
  readonly side: Side;
  /** Peers that have a chain. */
  readonly shared: ReadonlySet<AddressSetId>;
}

function segmentMatch({ protocol, first, last }: PortSegment, port: Expression): Statement[] {
  const ofProtocol = equals(L4PROTO, protocol);
  if (first === 0 && last === LAST_PORT) return [ofProtocol];
  return [ofProtocol, equals(port, first === last ? first : { range: [first, last] })];
}

/**
 * The same as an element of the map of ports, as rules. The kernel walks by all chains in every transaction, so peers have
 * one of their own only where several segments share it: it looks at all expressions again whenever a way changes, and
 * peers twice in a program would be more of them.
 */
function segmentRules(names: Names, segment: PortSegment, options: SegmentOptions): KernelRule[] {
  const { port, known, side, shared } = options;
  const { peers } = segment;
  const match = segmentMatch(segment, port);
  if (peers.kind === "everyone" || shared.has(peers.set)) {
    return [{ expr: [...match, segmentVerdict(names, peers, side)] }];
  }
  return knownPeerRules(names, peers.set, { known, side }).map((rule) => ({
    ...rule,
    expr: [...match, ...rule.expr],
  }));
}

/** The peers of all segments, and of these those of several. */
function peersOf(segments: readonly PortSegment[]): {
  readonly all: ReadonlySet<AddressSetId>;
  readonly shared: ReadonlySet<AddressSetId>;
} {
  const all = new Set<AddressSetId>();
  const shared = new Set<AddressSetId>();
  for (const { peers } of segments) {
    if (peers.kind === "everyone") continue;
    if (all.has(peers.set)) shared.add(peers.set);
    all.add(peers.set);
  }
  return { all, shared };
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
    rules.push(...knownPeerRules(names, stage.anyPort.set, { known, side }));
  }
  const segments = stage.segments.filter(
    (one) => one.peers.kind === "everyone" || known.shapeOf(one.peers.set) !== undefined,
  );
  const { all, shared } = peersOf(segments);
  const areFew = segments.length <= FEW_SEGMENTS;
  if (areFew) {
    for (const segment of segments)
      rules.push(...segmentRules(names, segment, { port, known, side, shared }));
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
  return { rules, sets, elements, peers: [...(areFew ? shared : all)] };
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
