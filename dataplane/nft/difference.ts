import type { EndpointId } from "../../model/endpoint.ts";
import type { Ruleset, ProgramId, Touched } from "../../model/ruleset.ts";
import { planAddressSet, planServiceSet } from "./difference-sets.ts";
import { EMPTY_RENDERING, type KernelElement, type KernelElements, type Origin } from "./kernel-objects.ts";
import { type Memory, note, type SharedInterface } from "./memory.ts";
import { change, type Plan, planRendering, removeElement, sameVerdict, settleNewSets } from "./plan.ts";
import { rangesText } from "./render-closed.ts";
import { attachmentIn, isForeign, renderEndpoint } from "./render-endpoint.ts";
import { type FrameOptions, renderFrame } from "./render-frame.ts";
import { masqueradeText, renderMasquerade } from "./render-masquerade.ts";
import { type KnownSets, peersChain, type ProgramRendering, renderProgram } from "./render-program.ts";
import type { Wish } from "./wish.ts";

export interface StableFrameOptions extends Omit<
  FrameOptions,
  "mirrored" | "shared" | "closedRanges" | "bridges"
> {
  /**
   * Calico's name for it: what becomes of packets from and to addresses in the ruleset's pod ranges that no endpoint
   * owns. `accept` closes no range.
   */
  readonly unknownEndpoint: "drop" | "accept";
}

export interface DifferenceOptions {
  readonly wish: Wish;
  /** Undefined: look at everything. */
  readonly touched: Touched | undefined;
  readonly frame: StableFrameOptions;
}

const NONE: KernelElements = new Map();

function knownSets(memory: Memory): KnownSets {
  return {
    shapeOf: (id) => memory.addressSets.get(id)?.shape,
    hasServices: (id) => memory.serviceSets.has(id),
  };
}

function countPeers(plan: Plan, renderings: readonly ProgramRendering[], by: 1 | -1): void {
  const { memory, journal } = plan;
  for (const { set, side } of renderings.flatMap(({ peers }) => peers)) {
    const name = memory.names.peers(set, side);
    const applied = memory.peers.get(name);
    const shape = memory.addressSets.get(set)?.shape;
    if (applied === undefined && shape !== undefined) {
      const origin: Origin = { kind: "addressSet", id: set };
      const after = { ...EMPTY_RENDERING, chains: [peersChain(memory.names, set, { shape, side })] };
      planRendering(plan, origin, { before: EMPTY_RENDERING, after });
    }
    const users = (applied?.users ?? 0) + by;
    note(journal, memory.peers, [name, { set, side, users }]);
    if (users === 0) plan.idlePeers.add(name);
    else plan.idlePeers.delete(name);
  }
}

function planProgram(plan: Plan, id: ProgramId, wish: Wish): void {
  const { memory, journal } = plan;
  const wanted = wish.program(id);
  const before = memory.programs.get(id) ?? [];
  const variants = memory.mirrored ? [false, true] : [false];
  const known = knownSets(memory);
  const after =
    wanted === undefined
      ? []
      : variants.map((mirrored) => renderProgram(memory.names, wanted, { mirrored, known }));
  countPeers(plan, after, 1);
  countPeers(plan, before, -1);
  const origin: Origin = { kind: "program", id };
  for (const index of variants.keys()) {
    planRendering(plan, origin, {
      before: before[index] ?? EMPTY_RENDERING,
      after: after[index] ?? EMPTY_RENDERING,
    });
  }
  note(journal, memory.programs, [id, wanted === undefined ? undefined : after]);
}

/** Elements by text as they were before this round, undefined for those that were not there. */
type ElementsBefore = Map<string, { readonly element: KernelElement | undefined; readonly origin: Origin }>;

function planEndpoint(
  plan: Plan,
  id: EndpointId,
  options: { readonly wish: Wish; readonly before: ElementsBefore; readonly foreignInterfaces: boolean },
): void {
  const { memory, journal } = plan;
  const { wish, before, foreignInterfaces } = options;
  const wanted = wish.endpoint(id);
  const known = memory.endpoints.has(id);
  const origin: Origin = { kind: "endpoint", id };
  for (const text of memory.endpoints.get(id)?.keys() ?? []) {
    const applied = memory.dispatch.get(text);
    if (applied?.owner !== id) continue;
    if (!before.has(text)) before.set(text, { element: applied.element, origin });
    note(journal, memory.dispatch, [text, undefined]);
  }
  const after =
    wanted === undefined
      ? NONE
      : renderEndpoint(memory.names, wanted, {
          hasProgram: (program) => memory.programs.has(program),
          closed: wish.isClosed(id),
          mirrored: memory.mirrored,
          foreignInterfaces,
        });
  for (const [text, element] of after) {
    before.set(text, { element: before.get(text)?.element ?? memory.dispatch.get(text)?.element, origin });
    note(journal, memory.dispatch, [text, { element, owner: id }]);
  }
  note(journal, memory.endpoints, [id, wanted === undefined ? undefined : after]);
  const attachment = wanted && attachmentIn(wanted, options);
  const shared = attachment?.kind === "address" ? (attachment.through ?? "") : undefined;
  if (wanted !== undefined && known && memory.shared.get(id) !== shared) plan.moved.add(id);
  if (!known && attachment?.kind === "interface" && !isForeign(attachment.name)) plan.newcomers.add(id);
  planShared(plan, id, shared);
}

/** An element may leave one endpoint and enter another in one round: only its beginning and its end count. */
function* planDispatch(plan: Plan, before: ElementsBefore): Generator<void> {
  for (const [text, { element: old, origin }] of before) {
    yield;
    const element = plan.memory.dispatch.get(text)?.element;
    if (old !== undefined && element !== undefined && sameVerdict(old, element)) continue;
    if (old !== undefined && element === undefined) removeElement(plan, origin, old);
    else if (old !== undefined) change(plan, origin, { element: old, kind: "removed" });
    if (element !== undefined) change(plan, origin, { element, kind: "added" });
  }
}

type ChosenFrameOptions = Omit<FrameOptions, "mirrored" | "shared" | "bridges"> & StableFrameOptions;

/** `setsOnly`: what endpoints put their elements into; the chains that look there come last. */
function planFrame(plan: Plan, options: ChosenFrameOptions, { setsOnly = false } = {}): void {
  const { memory, journal } = plan;
  const before = memory.frame.get("frame");
  const { mirrored, names, sharing } = memory;
  const shared = sharing.size > 0;
  const known = [...sharing.keys()].flatMap((name) => (name === "" ? [] : [name]));
  const bridges = options.unknownEndpoint === "drop" ? known.toSorted() : [];
  const text = setsOnly ? "sets" : `${shared} ${bridges.join(" ")} ${rangesText(options.closedRanges)}`;
  if (before?.text === text) return;
  const whole = renderFrame(names, { ...options, mirrored, shared, bridges });
  const after = { ...whole, text, ...(setsOnly && { chains: [] }) };
  planRendering(plan, { kind: "frame" }, { before: before ?? EMPTY_RENDERING, after });
  note(journal, memory.frame, ["frame", after]);
}

function planShared(plan: Plan, id: EndpointId, name: SharedInterface | undefined): void {
  const { memory, journal } = plan;
  const before = memory.shared.get(id);
  if (before === name) return;
  const count = (one: SharedInterface | undefined, by: 1 | -1) => {
    if (one === undefined) return;
    const sharers = (memory.sharing.get(one) ?? 0) + by;
    note(journal, memory.sharing, [one, sharers === 0 ? undefined : sharers]);
  };
  count(before, -1);
  count(name, 1);
  note(journal, memory.shared, [id, name]);
}

function planMasquerade(plan: Plan, wish: Wish): void {
  const { memory, journal } = plan;
  const wanted = wish.masquerade();
  const before = memory.masquerade.get("masquerade") ?? EMPTY_RENDERING;
  const id = masqueradeText(wanted);
  if ("text" in before && before.text === id) return;
  const after = renderMasquerade(memory.names, wanted);
  planRendering(plan, { kind: "masquerade", id }, { before, after });
  note(journal, memory.masquerade, ["masquerade", after]);
}

function planIdlePeers(plan: Plan): void {
  for (const name of plan.idlePeers) {
    plan.gone.chains.push(name);
    note(plan.journal, plan.memory.peers, [name, undefined]);
  }
  plan.idlePeers.clear();
}

function everything(memory: Memory, ruleset: Ruleset): Touched {
  const all = <Id>(...maps: readonly ReadonlyMap<Id, unknown>[]) =>
    new Set(maps.flatMap((map) => [...map.keys()]));
  return {
    addressSets: new Map([...all(memory.addressSets, ruleset.addressSets)].map((id) => [id, "whole"])),
    serviceSets: new Map([...all(memory.serviceSets, ruleset.serviceSets)].map((id) => [id, "whole"])),
    programs: all(memory.programs, ruleset.programs),
    endpoints: all(memory.endpoints, ruleset.endpoints),
  };
}

/**
 * Plans the way from memory to the wish, and notes it in memory ahead: what it costs depends on what was touched, not
 * on how much there is. Yields between objects, so that a long plan can be carried out while it is made: sets before
 * the programs that name them, programs before the endpoints that go to them.
 */
export function* difference(plan: Plan, options: DifferenceOptions): Generator<void> {
  const { wish } = options;
  const touched = options.touched ?? everything(plan.memory, wish.ruleset);
  // Taken once: the ruleset may be another one after a pause.
  const closedRanges = options.frame.unknownEndpoint === "drop" ? wish.ruleset.podRanges : [];
  const frame: ChosenFrameOptions = { ...options.frame, closedRanges };
  if (!plan.memory.frame.has("frame")) planFrame(plan, frame, { setsOnly: true });
  for (const [id, members] of touched.addressSets) {
    yield* planAddressSet(plan, id, { wish, touched: members });
    yield;
  }
  for (const [id, members] of touched.serviceSets) {
    yield* planServiceSet(plan, id, { wish, touched: members });
    yield;
  }
  for (const id of touched.programs) {
    planProgram(plan, id, wish);
    yield;
  }
  const before: ElementsBefore = new Map();
  for (const id of touched.endpoints) {
    planEndpoint(plan, id, { wish, before, foreignInterfaces: frame.foreignInterfaces });
    yield;
  }
  yield* planDispatch(plan, before);
  yield* settleNewSets(plan);
  planFrame(plan, frame);
  planMasquerade(plan, wish);
  planIdlePeers(plan);
}
