import type { Address } from "../model/address.ts";
import { cidrRange, mergeRanges } from "../model/cidr.ts";
import type { Endpoint, EndpointId } from "../model/endpoint.ts";
import type { Ruleset, Touched } from "../model/ruleset.ts";
import { unreachable } from "../model/unreachable.ts";
import { type ClusterState, emptyClusterState, fold, type Update } from "../model/update.ts";
import { createAddressOwners } from "./address-owners.ts";
import { createAddressSets } from "./address-sets.ts";
import {
  type EndpointSet,
  type Member,
  type MemberChange,
  type Members,
  moveGroups,
  moveMembers,
} from "./endpoint-set.ts";
import { createLocalEndpoints } from "./local-endpoints.ts";
import { masqueradeOf } from "./masquerade.ts";
import { createPace, finish } from "./pace.ts";
import { createPodRanges } from "./pod-ranges.ts";
import { createProgramStore } from "./program-store.ts";
import { createSelectorIndex } from "./selector-index.ts";
import { createServiceSets } from "./service-sets.ts";

export interface CompilerOptions {
  /** Whose rules are wanted. Default: the endpoints that have an attachment. */
  readonly isLocal?: (endpoint: Endpoint) => boolean;
}

/** Cluster state in, ruleset out. The work follows the change, the result does not depend on the way there. */
export interface Compiler {
  /** Takes current values in, together: whoever reads the ruleset never sees half of them. */
  apply(updates: readonly Update[]): void;
  /**
   * The same in steps, far below 2 ms each whatever the size of the cluster: iterating does the work. Nobody may read the ruleset or
   * apply anything else before it has ended.
   */
  applyInSteps(updates: readonly Update[]): Generator<void>;
  readonly state: ClusterState;
  /** Live: it changes with the next `apply`. The order inside its maps and sets says nothing. */
  readonly ruleset: Ruleset;
  /** How many policies isolate an endpoint whose rules are wanted. */
  readonly policyCount: number;
  /** Exactly what differs from the ruleset at the last call; the first call compares with the empty ruleset. */
  takeTouched(): Touched;
}

/** What one update costs at the least, as the pace counts. */
const UPDATE = 8;

function alive(endpoint: Endpoint | undefined): Endpoint | undefined {
  return endpoint?.finished === true ? undefined : endpoint;
}

export function createCompiler(options: CompilerOptions = {}): Compiler {
  const isLocal = options.isLocal ?? (({ attachment }: Endpoint) => attachment !== undefined);
  const state = emptyClusterState();
  const owners = createAddressOwners();
  const pace = createPace();
  const podRanges = createPodRanges({ isElsewhere, pace });
  const peers = createSelectorIndex<EndpointSet>(state.namespaces, pace);
  const members: Members = { index: peers, addressesOf: (endpoint) => owners.owned(endpoint), pace };
  const addressSets = createAddressSets(members);
  const serviceSets = createServiceSets(members);
  const programs = createProgramStore({ policies: state.policies, addressSets, serviceSets, pace });
  const local = createLocalEndpoints({ state, owners, programs, pace });
  let masquerade = masqueradeOf([]);

  function isElsewhere(address: Address): boolean {
    const owner = owners.owner(address);
    const endpoint = owner === undefined ? undefined : state.endpoints.get(owner);
    return endpoint !== undefined && !isLocal(endpoint);
  }

  function memberOf(id: EndpointId): Member | undefined {
    const endpoint = alive(state.endpoints.get(id));
    if (endpoint === undefined) return undefined;
    return { endpoint, addresses: owners.owned(endpoint), matched: peers.matched(endpoint) };
  }

  function endpointChanged(
    id: EndpointId,
    previous: Endpoint | undefined,
    present: Endpoint | undefined,
  ): readonly MemberChange[] {
    const [before, after] = [alive(previous), alive(present)];
    const addressesBefore = owners.owned(before);
    const owned = owners.change(before, after);
    const matched = peers.put(before, after);
    podRanges.changed(previous);
    podRanges.changed(present);
    const changes: MemberChange[] = [
      {
        before: before && { endpoint: before, addresses: addressesBefore, matched: matched.before },
        after: after && { endpoint: after, addresses: owners.owned(after), matched: matched.after },
      },
    ];
    local.put(id, after !== undefined && isLocal(after) ? after : undefined);
    for (const [rival, addresses] of owned) {
      if (rival === id) continue;
      const now = memberOf(rival);
      changes.push({ before: now && { ...now, addresses: addresses.before }, after: now });
      local.mark(rival);
    }
    return changes;
  }

  function* take(update: Update): Generator<void> {
    switch (update.kind) {
      case "namespace": {
        if (state.namespaces.get(update.name) === update.value) return;
        fold(state, update);
        yield* moveGroups(yield* peers.namespaceChanged(update.name), members);
        return yield* local.namespaceChanged(update.name);
      }
      case "endpoint": {
        const before = state.endpoints.get(update.id);
        if (before === update.value) return;
        fold(state, update);
        return yield* moveMembers(endpointChanged(update.id, before, update.value), pace);
      }
      case "policy": {
        const before = state.policies.get(update.id);
        if (before === update.value) return;
        fold(state, update);
        yield* local.policyChanged(update.id, before, update.value);
        return programs.policyChanged(update.id);
      }
      case "node": {
        fold(state, update);
        const ranges = [...state.nodes.values()].flatMap(({ podCidrs }) => podCidrs.map(cidrRange));
        return yield* podRanges.assign(mergeRanges(ranges), state.endpoints.values());
      }
      case "pool": {
        fold(state, update);
        masquerade = masqueradeOf(state.pools.values());
        return;
      }
      default:
        return unreachable(update);
    }
  }

  function* applyInSteps(updates: readonly Update[]): Generator<void> {
    for (const update of updates) {
      yield* take(update);
      if (pace(UPDATE)) yield;
    }
    yield* local.settle();
    yield* programs.build();
  }

  return {
    apply: (updates) => finish(applyInSteps(updates)),
    applyInSteps,
    state,
    ruleset: {
      addressSets: addressSets.sets,
      serviceSets: serviceSets.sets,
      programs: programs.programs,
      endpoints: local.rules,
      get podRanges() {
        return podRanges.ranges;
      },
      get masquerade() {
        return masquerade;
      },
    },
    get policyCount() {
      return programs.policyCount;
    },
    takeTouched: () => ({
      addressSets: addressSets.takeTouched(),
      serviceSets: serviceSets.takeTouched(),
      programs: programs.takeTouched(),
      endpoints: local.takeTouched(),
    }),
  };
}

/** All of a state as updates. */
export function stateUpdates({ namespaces, endpoints, policies, nodes, pools }: ClusterState): Update[] {
  return [
    ...[...namespaces].map(([name, value]): Update => ({ kind: "namespace", name, value })),
    ...[...endpoints].map(([id, value]): Update => ({ kind: "endpoint", id, value })),
    ...[...policies].map(([id, value]): Update => ({ kind: "policy", id, value })),
    ...[...nodes].map(([name, value]): Update => ({ kind: "node", name, value })),
    ...[...pools].map(([cidr, value]): Update => ({ kind: "pool", cidr, value })),
  ];
}

/** The ruleset of a state, from scratch. */
export function compileRuleset(state: ClusterState, options: CompilerOptions = {}): Ruleset {
  const compiler = createCompiler(options);
  compiler.apply(stateUpdates(state));
  return compiler.ruleset;
}
