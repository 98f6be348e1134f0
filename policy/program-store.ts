import type { NamedPort } from "../model/endpoint.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Direction, Policy, PolicyId, Rule } from "../model/policy.ts";
import type {
  AddressSetId,
  Peers,
  PortSegment,
  Program,
  ProgramId,
  ServiceSetId,
  Stage,
} from "../model/ruleset.ts";
import type { AddressSets } from "./address-sets.ts";
import { createValueLog } from "./change-log.ts";
import type { Pace } from "./pace.ts";
import { inWords } from "./peer-text.ts";
import { samePrograms } from "./same-values.ts";
import { mergeRules, type PeerUnion } from "./program.ts";
import type { ServiceSets } from "./service-sets.ts";

/** What a program stands for. */
export interface ProgramSpec {
  readonly direction: Direction;
  /** Sorted by id. */
  readonly policies: readonly Policy[];
  /** The endpoint's ports that names in the policies' ingress rules mean; none for egress. */
  readonly ports: readonly NamedPort[];
}

export interface ProgramStore {
  /** Live. Programs acquired since the last `build` are missing. */
  readonly programs: ReadonlyMap<ProgramId, Program>;
  /** How many policies the programs stand for. */
  readonly policyCount: number;
  acquire(spec: ProgramSpec): ProgramId;
  release(id: ProgramId): void;
  policyChanged(id: PolicyId): void;
  /** Drops programs out of use; builds those that are new or whose policies changed. */
  build(): Generator<void>;
  takeTouched(): Set<ProgramId>;
}

export interface ProgramStoreOptions {
  readonly policies: ReadonlyMap<PolicyId, Policy>;
  readonly addressSets: AddressSets;
  readonly serviceSets: ServiceSets;
  readonly pace: Pace;
}

interface Entry {
  readonly direction: Direction;
  readonly policies: readonly PolicyId[];
  readonly ports: readonly NamedPort[];
  uses: number;
  /** Uses of sets that the present program holds. */
  sets: readonly AddressSetId[];
  services: ServiceSetId | undefined;
}

const ids = new WeakMap<ProgramSpec, ProgramId>();

/** An edited policy keeps its program's id, so the edit costs a program's content and no endpoint. */
function programId(spec: ProgramSpec): ProgramId {
  const known = ids.get(spec);
  if (known !== undefined) return known;
  const { direction, policies, ports } = spec;
  const named = ports.map(({ name, protocol, port }) => [name, protocol, port]);
  const id = fingerprint(
    JSON.stringify([direction, policies.map((policy) => policy.id), named]),
  ) as ProgramId;
  ids.set(spec, id);
  return id;
}

export function createProgramStore(options: ProgramStoreOptions): ProgramStore {
  const { addressSets, serviceSets, pace } = options;
  const entries = new Map<ProgramId, Entry>();
  const programs = new Map<ProgramId, Program>();
  const byPolicy = new Map<PolicyId, Set<ProgramId>>();
  const stale = new Set<ProgramId>();
  const unused = new Set<ProgramId>();
  const log = createValueLog<ProgramId, Program>(samePrograms);

  function drop(id: ProgramId): void {
    const entry = entries.get(id);
    if (entry === undefined) return;
    log.changing(id, programs.get(id));
    programs.delete(id);
    entries.delete(id);
    stale.delete(id);
    for (const policy of entry.policies) {
      const using = byPolicy.get(policy);
      using?.delete(id);
      if (using?.size === 0) byPolicy.delete(policy);
    }
    giveBack(entry);
  }

  function giveBack({ sets, services }: Pick<Entry, "sets" | "services">): void {
    for (const set of sets) addressSets.release(set);
    if (services !== undefined) serviceSets.release(services);
  }

  function* rebuild(id: ProgramId, entry: Entry): Generator<void> {
    const held = { sets: entry.sets, services: entry.services };
    const sets: AddressSetId[] = [];
    const peersOf = (union: PeerUnion): Peers => {
      if (union === "everyone") return { kind: "everyone" };
      const set = addressSets.acquire(union);
      sets.push(set);
      return { kind: "set", set };
    };
    const { direction, ports } = entry;
    const policies: Policy[] = [];
    const rules: Rule[] = [];
    for (const policyId of entry.policies) {
      const policy = options.policies.get(policyId);
      if (policy === undefined) continue;
      policies.push(policy);
      for (const rule of policy[direction]) rules.push(rule);
    }
    const merged = mergeRules(rules, { direction, ports });
    if (pace(rules.length)) yield;
    const nobody = merged.anyPort !== "everyone" && merged.anyPort.size === 0;
    const anyPort = nobody ? undefined : peersOf(merged.anyPort);
    const segments: PortSegment[] = [];
    for (const { protocol, first, last, peers } of merged.segments) {
      segments.push({ protocol, first, last, peers: peersOf(peers) });
      if (pace(peers === "everyone" ? 1 : peers.size)) yield;
    }
    const services = merged.destinations.size > 0 ? serviceSets.acquire(merged.destinations) : undefined;
    const stage: Stage = { verdict: "accept", anyPort, segments, services };
    const empty = nobody && stage.segments.length === 0 && stage.services === undefined;
    log.changing(id, programs.get(id));
    programs.set(id, {
      id,
      direction,
      title: inWords(policies, ({ title }) => title, ", "),
      stages: empty ? [] : [stage],
    });
    entry.sets = sets;
    entry.services = stage.services;
    giveBack(held);
  }

  return {
    programs,
    get policyCount() {
      return byPolicy.size;
    },
    acquire(spec) {
      const id = programId(spec);
      const known = entries.get(id);
      if (known !== undefined) {
        if (known.uses++ === 0) unused.delete(id);
        return id;
      }
      const policies = spec.policies.map((policy) => policy.id);
      const { direction, ports } = spec;
      entries.set(id, { direction, policies, ports, uses: 1, sets: [], services: undefined });
      for (const policy of policies) {
        const using = byPolicy.get(policy) ?? new Set<ProgramId>();
        byPolicy.set(policy, using.add(id));
      }
      stale.add(id);
      return id;
    },
    release(id) {
      const entry = entries.get(id);
      if (entry !== undefined && --entry.uses === 0) unused.add(id);
    },
    policyChanged(id) {
      for (const program of byPolicy.get(id) ?? []) stale.add(program);
    },
    *build() {
      for (const id of unused) drop(id);
      unused.clear();
      for (const id of stale) {
        const entry = entries.get(id);
        if (entry !== undefined) yield* rebuild(id, entry);
      }
      stale.clear();
      yield* addressSets.settle();
      yield* serviceSets.settle();
    },
    takeTouched: () => log.take(programs),
  };
}
