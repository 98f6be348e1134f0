import type { Attachment, Endpoint, EndpointId } from "../model/endpoint.ts";
import type { Direction, Policy, PolicyId } from "../model/policy.ts";
import type { EndpointRules, ProgramId } from "../model/ruleset.ts";
import type { ClusterState } from "../model/update.ts";
import type { AddressOwners } from "./address-owners.ts";
import { createValueLog } from "./change-log.ts";
import { mentionedPorts } from "./named-ports.ts";
import { type EndpointGroup, membersOf } from "./endpoint-groups.ts";
import type { Pace } from "./pace.ts";
import { createProgramChoice, type ProgramChoice } from "./program-choice.ts";
import type { ProgramStore } from "./program-store.ts";
import { sameRules } from "./same-values.ts";
import { type ActiveSelector, createSelectorIndex } from "./selector-index.ts";

/** Which policies isolate which local endpoint, and the rules that follow. */
export interface LocalEndpoints {
  /** Live, but only `settle` changes it. */
  readonly rules: ReadonlyMap<EndpointId, EndpointRules>;
  /** Undefined: gone, finished or not of this node. */
  put(id: EndpointId, endpoint: Endpoint | undefined): void;
  /** Something else about the endpoint changed, for example its addresses; others than local ones do no harm. */
  mark(id: EndpointId): void;
  namespaceChanged(name: string): Generator<void>;
  policyChanged(id: PolicyId, before: Policy | undefined, after: Policy | undefined): Generator<void>;
  /** Brings the rules of all endpoints that changed up to date. */
  settle(): Generator<void>;
  takeTouched(): Set<EndpointId>;
}

export interface LocalEndpointsOptions {
  readonly state: ClusterState;
  readonly owners: AddressOwners;
  readonly programs: ProgramStore;
  readonly pace: Pace;
}

// An endpoint of another node that is compiled all the same, to explain it, has no attachment here.
const ELSEWHERE: Attachment = { kind: "address" };

/** What an endpoint's rules cost at the least, as the pace counts. */
const REFRESH = 8;

type Matched = ReadonlySet<ActiveSelector<PolicyId>>;
/** By what selects an endpoint; good while no policy changes. */
type Choices = Map<Matched, ProgramChoice>;

/** Whether the edit leaves every program its id: then it is the programs' affair alone. */
function sameChoice(before: Policy, after: Policy): boolean {
  return (
    new Set(before.directions).symmetricDifference(new Set(after.directions)).size === 0 &&
    mentionedPorts(before).symmetricDifference(mentionedPorts(after)).size === 0
  );
}

export function createLocalEndpoints({
  state,
  owners,
  programs,
  pace,
}: LocalEndpointsOptions): LocalEndpoints {
  const subjects = createSelectorIndex<PolicyId>(state.namespaces, pace);
  const selectorOf = new Map<PolicyId, ActiveSelector<PolicyId>>();
  const endpoints = new Map<EndpointId, Endpoint>();
  const rules = new Map<EndpointId, EndpointRules>();
  const changed = new Set<EndpointId>();
  const log = createValueLog<EndpointId, EndpointRules>(sameRules);

  function isolating(matched: Matched): Policy[] {
    const ids: PolicyId[] = [];
    for (const { users } of matched) for (const id of users) ids.push(id);
    return ids.toSorted().flatMap((policy) => state.policies.get(policy) ?? []);
  }

  function acquire(choice: ProgramChoice, direction: Direction, { ports }: Endpoint): ProgramId | "allow" {
    const spec = choice.specOf(direction, ports);
    return spec === undefined ? "allow" : programs.acquire(spec);
  }

  /** Returns how many policies had to be looked at. */
  function refresh(id: EndpointId, choices: Choices): number {
    const endpoint = endpoints.get(id);
    const before = rules.get(id);
    let looked = 0;
    if (endpoint !== undefined || before !== undefined) log.changing(id, before);
    if (endpoint === undefined) {
      rules.delete(id);
    } else {
      const matched = subjects.matched(endpoint);
      let choice = choices.get(matched);
      if (choice === undefined) {
        choice = createProgramChoice(isolating(matched));
        choices.set(matched, choice);
        looked = choice.size;
      }
      rules.set(id, {
        id,
        attachment: endpoint.attachment ?? ELSEWHERE,
        addresses: owners.owned(endpoint),
        ingress: acquire(choice, "ingress", endpoint),
        egress: acquire(choice, "egress", endpoint),
      });
    }
    if (before !== undefined && before.ingress !== "allow") programs.release(before.ingress);
    if (before !== undefined && before.egress !== "allow") programs.release(before.egress);
    return looked;
  }

  function* markMembers(groups: Iterable<EndpointGroup<unknown>>): Generator<void> {
    for (const group of groups) {
      for (const { id } of membersOf(group)) {
        changed.add(id);
        if (pace()) yield;
      }
    }
  }

  return {
    rules,
    put(id, endpoint) {
      const before = endpoints.get(id);
      if (endpoint === undefined && before === undefined) return;
      if (endpoint === undefined) endpoints.delete(id);
      else endpoints.set(id, endpoint);
      subjects.put(before, endpoint);
      changed.add(id);
    },
    mark: (id) => void changed.add(id),
    *namespaceChanged(name) {
      const changes = yield* subjects.namespaceChanged(name);
      yield* markMembers(changes.map(({ group }) => group));
    },
    *policyChanged(id, before, after) {
      const left = selectorOf.get(id);
      if (after === undefined) selectorOf.delete(id);
      else selectorOf.set(id, subjects.acquire(after.subjects, id));
      yield* subjects.settle();
      const entered = selectorOf.get(id);
      if (left === entered && before !== undefined && after !== undefined && sameChoice(before, after))
        return;
      if (left !== undefined) yield* markMembers(left.groups);
      if (entered !== undefined && entered !== left) yield* markMembers(entered.groups);
      if (left !== undefined && left !== entered) yield* subjects.release(left, id);
    },
    *settle() {
      const choices: Choices = new Map();
      for (const id of changed) {
        const looked = refresh(id, choices);
        if (pace(REFRESH + looked)) yield;
      }
      changed.clear();
    },
    takeTouched: () => log.take(rules),
  };
}
