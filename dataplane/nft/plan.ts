import type { EndpointId } from "../../model/endpoint.ts";
import { addChain, addElements, addRule, addSet, flushChain } from "./commands.ts";
import { type Change, changeSteps, type ElementChanges, noteChange } from "./element-changes.ts";
import type { KernelElement, KernelSet, Origin, Rendering, Step } from "./kernel-objects.ts";
import type { Journal, Memory } from "./memory.ts";

/** Names that nothing uses any more. */
export interface Gone {
  readonly chains: string[];
  readonly sets: { readonly name: string; readonly map: boolean }[];
}

export function isEmpty({ chains, sets }: Gone): boolean {
  return chains.length === 0 && sets.length === 0;
}

/**
 * A change in three phases: what is new is built where no packet comes by, one transaction switches to it, and what
 * nothing uses any more is deleted in a later one (packets would miss a map that is deleted by the transaction which
 * stops using it).
 */
export interface Plan {
  readonly memory: Memory;
  readonly journal: Journal;
  /** In any number of transactions, in this order. */
  readonly creations: Step[];
  /** Chains that live packets go through, rewritten. */
  readonly rewrites: Step[];
  /** The same for base chains: what brings packets to the epoch. Most of them are there already. */
  readonly hooks: Step[];
  /** Elements of live sets and maps, by set and origin. */
  readonly changes: ElementChanges;
  /** Endpoints that come behind an interface of ours: unknown so far, and therefore closed. */
  readonly newcomers: Set<EndpointId>;
  /** Endpoints that packets find in another way from now on: by interface, or by address through another or any. */
  readonly moved: Set<EndpointId>;
  /**
   * The old way to moved endpoints, which a packet on its way may be half through: its entrance is taken away in a
   * later transaction, and what it led to in a still later one.
   */
  readonly late: { readonly entrances: ElementChanges; readonly others: ElementChanges };
  readonly gone: Gone;
  /** Chains of peers whose last user left: `finish` decides. */
  readonly idlePeers: Set<string>;
  /** Sets made by this plan: their elements are part of the creation. */
  readonly newSets: Set<string>;
}

export function emptyPlan(memory: Memory, journal: Journal): Plan {
  return {
    memory,
    journal,
    creations: [],
    rewrites: [],
    hooks: [],
    changes: new Map(),
    newcomers: new Set(),
    moved: new Set(),
    late: { entrances: new Map(), others: new Map() },
    gone: { chains: [], sets: [] },
    idlePeers: new Set(),
    newSets: new Set(),
  };
}

export function create(plan: Plan, origin: Origin, commands: readonly Step["command"][]): void {
  for (const command of commands) plan.creations.push({ command, origin });
}

export function createSet(plan: Plan, origin: Origin, set: KernelSet): void {
  create(plan, origin, [addSet(set)]);
  plan.newSets.add(set.name);
}

/** Elements that come and go in sets that stay. */
export function change(plan: Plan, origin: Origin, one: Change): void {
  noteChange(plan.changes, origin, one);
}

/** An element that is nobody's any more: at once, or later where packets may still be on their way by it. */
export function removeElement(plan: Plan, origin: Origin, element: KernelElement): void {
  const { names } = plan.memory;
  const late = origin.kind === "endpoint" && plan.moved.has(origin.id);
  const entrances: readonly string[] = [names.foreign, names.addresses(4), names.addresses(6)];
  const place = !late
    ? plan.changes
    : entrances.includes(element.set)
      ? plan.late.entrances
      : plan.late.others;
  noteChange(place, origin, { element, kind: "removed" });
}

export function sameVerdict(a: KernelElement, b: KernelElement): boolean {
  const [one, other] = [a.verdict, b.verdict];
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  if ("jump" in one) return "jump" in other && one.jump.target === other.jump.target;
  if ("goto" in one) return "goto" in other && one.goto.target === other.goto.target;
  return Object.keys(one)[0] === Object.keys(other)[0];
}

function planElements(plan: Plan, origin: Origin, options: { before: Rendering; after: Rendering }): void {
  const { before, after } = options;
  const created = new Map<string, KernelElement[]>();
  for (const [text, element] of after.elements) {
    const old = before.elements.get(text);
    if (plan.newSets.has(element.set)) {
      const elements = created.get(element.set);
      if (elements === undefined) created.set(element.set, [element]);
      else elements.push(element);
    } else if (old === undefined || !sameVerdict(old, element)) {
      if (old !== undefined) change(plan, origin, { element: old, kind: "removed" });
      change(plan, origin, { element, kind: "added" });
    }
  }
  for (const [set, elements] of created) create(plan, origin, addElements(set, elements));
  const kept = new Set(after.sets.map(({ name }) => name));
  for (const [text, element] of before.elements) {
    // Elements of a set that goes away go with it.
    if (!after.elements.has(text) && kept.has(element.set))
      change(plan, origin, { element, kind: "removed" });
  }
}

/** From what an object was in the kernel to what it shall be. Its chains and sets are its own. */
export function planRendering(
  plan: Plan,
  origin: Origin,
  options: { readonly before: Rendering; readonly after: Rendering },
): void {
  const { before, after } = options;
  const oldSets = new Set(before.sets.map(({ name }) => name));
  const oldChains = new Map(before.chains.map((chain) => [chain.name, chain]));
  for (const set of after.sets) if (!oldSets.has(set.name)) createSet(plan, origin, set);
  const fresh = after.chains.filter(({ name, hook }) => hook === undefined && !oldChains.has(name));
  create(plan, origin, fresh.map(addChain));
  planElements(plan, origin, options);
  for (const chain of fresh) {
    create(
      plan,
      origin,
      chain.rules.map((rule) => addRule(chain.name, rule)),
    );
  }
  for (const chain of after.chains) {
    const old = oldChains.get(chain.name);
    if (old === undefined ? chain.hook === undefined : JSON.stringify(old) === JSON.stringify(chain))
      continue;
    const commands = [
      ...(old === undefined ? [addChain(chain)] : []),
      flushChain(chain.name),
      ...chain.rules.map((rule) => addRule(chain.name, rule)),
    ];
    const place = chain.hook === undefined ? plan.rewrites : plan.hooks;
    for (const command of commands) place.push({ command, origin });
  }
  const keptChains = new Set(after.chains.map(({ name }) => name));
  const keptSets = new Set(after.sets.map(({ name }) => name));
  for (const { name, hook } of before.chains) {
    if (keptChains.has(name)) continue;
    // A base chain stays, empty: with the last chain of type `nat` the kernel stops translating what it translates now.
    if (hook === undefined) plan.gone.chains.push(name);
    else plan.hooks.push({ command: flushChain(name), origin });
  }
  for (const { name, map } of before.sets) if (!keptSets.has(name)) plan.gone.sets.push({ name, map });
}

/** Elements of sets that this plan makes are part of the creation: no packet looks there yet. */
export function* settleNewSets(plan: Plan): Generator<void> {
  for (const [key, one] of plan.changes) {
    yield;
    if (!plan.newSets.has(one.set)) continue;
    plan.creations.push(...changeSteps([one]));
    plan.changes.delete(key);
  }
}

/** What is to be removed after the switch, a transaction for each list. */
export function lateSteps({ late }: Plan): Step[][] {
  return [late.entrances, late.others].map((changes) => changeSteps(changes.values()));
}

/** What must happen in one transaction. */
export function switchSteps(plan: Plan): Step[] {
  return [...changeSteps(plan.changes.values()), ...plan.rewrites, ...plan.hooks];
}

/**
 * Whether the switch opens a way to newcomers and changes no other. In any other, a packet may be half through: one that began in the old
 * rules and finds a new map's element meets a chain that is still empty to it. To newcomers there was no way, and members of
 * sets lead nowhere.
 */
export function concernsNewcomersOnly(plan: Plan): boolean {
  if (plan.rewrites.length > 0 || plan.hooks.length > 0) return false;
  for (const { origin, removed } of plan.changes.values()) {
    const isMember = origin.kind === "addressSet" || origin.kind === "serviceSet";
    const comes = origin.kind === "endpoint" && plan.newcomers.has(origin.id) && removed.length === 0;
    if (!isMember && !comes) return false;
  }
  return true;
}
