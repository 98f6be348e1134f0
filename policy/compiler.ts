import { cidrRange, mergeRanges } from "../model/cidr.ts";
import type { Endpoint, EndpointId } from "../model/endpoint.ts";
import type { Ruleset, Touched } from "../model/ruleset.ts";
import { unreachable } from "../model/unreachable.ts";
import { type ClusterState, emptyClusterState, fold, type Update } from "../model/update.ts";
import { createAddressOwners } from "./address-owners.ts";
import { createAddressSets } from "./address-sets.ts";
import { type EndpointSet, type Member, type MemberChange, moveMembers } from "./endpoint-set.ts";
import { createLocalEndpoints } from "./local-endpoints.ts";
import { masqueradeOf } from "./masquerade.ts";
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
  readonly state: ClusterState;
  /** Live: it changes with the next `apply`. The order inside its maps and sets says nothing. */
  readonly ruleset: Ruleset;
  /** How many policies isolate an endpoint whose rules are wanted. */
  readonly policyCount: number;
  /** Exactly what differs from the ruleset at the last call; the first call compares with the empty ruleset. */
  takeTouched(): Touched;
}

function alive(endpoint: Endpoint | undefined): Endpoint | undefined {
  return endpoint?.finished === true ? undefined : endpoint;
}

export function createCompiler(options: CompilerOptions = {}): Compiler {
  const isLocal = options.isLocal ?? (({ attachment }: Endpoint) => attachment !== undefined);
  const state = emptyClusterState();
  const owners = createAddressOwners();
  const podRanges = createPodRanges((address) => {
    const owner = owners.owner(address);
    const endpoint = owner === undefined ? undefined : state.endpoints.get(owner);
    return endpoint !== undefined && !isLocal(endpoint);
  });
  const peers = createSelectorIndex<EndpointSet>(state.namespaces);
  const addressSets = createAddressSets(peers, memberOf);
  const serviceSets = createServiceSets(peers, memberOf);
  const programs = createProgramStore({ policies: state.policies, addressSets, serviceSets });
  const local = createLocalEndpoints({ state, owners, programs });
  let masquerade = masqueradeOf([]);

  function memberOf(id: EndpointId): Member | undefined {
    const endpoint = alive(state.endpoints.get(id));
    if (endpoint === undefined) return undefined;
    return { endpoint, addresses: owners.owned(endpoint), matched: peers.matched(id) };
  }

  function endpointChanged(
    id: EndpointId,
    previous: Endpoint | undefined,
    present: Endpoint | undefined,
  ): void {
    const [before, after] = [alive(previous), alive(present)];
    const addressesBefore = owners.owned(before);
    const matched = peers.matched(id);
    const owned = owners.change(before, after);
    peers.put(before, after);
    podRanges.changed(previous);
    podRanges.changed(present);
    const changes: MemberChange[] = [
      {
        before: before && { endpoint: before, addresses: addressesBefore, matched },
        after: memberOf(id),
      },
    ];
    local.put(id, after !== undefined && isLocal(after) ? after : undefined);
    for (const [rival, addresses] of owned) {
      if (rival === id) continue;
      const now = memberOf(rival);
      changes.push({ before: now && { ...now, addresses: addresses.before }, after: now });
      local.mark(rival);
    }
    moveMembers(changes);
  }

  function namespaceChanged(name: string): void {
    const changes = peers.namespaceChanged(name).map(({ id, before }): MemberChange => {
      const now = memberOf(id);
      return { before: now && { ...now, matched: before }, after: now };
    });
    moveMembers(changes);
    local.namespaceChanged(name);
  }

  function take(update: Update): void {
    switch (update.kind) {
      case "namespace": {
        if (state.namespaces.get(update.name) === update.value) return;
        fold(state, update);
        return namespaceChanged(update.name);
      }
      case "endpoint": {
        const before = state.endpoints.get(update.id);
        if (before === update.value) return;
        fold(state, update);
        return endpointChanged(update.id, before, update.value);
      }
      case "policy": {
        const before = state.policies.get(update.id);
        if (before === update.value) return;
        fold(state, update);
        local.policyChanged(update.id, before, update.value);
        return programs.policyChanged(update.id);
      }
      case "node": {
        fold(state, update);
        const ranges = [...state.nodes.values()].flatMap(({ podCidrs }) => podCidrs.map(cidrRange));
        return podRanges.assign(mergeRanges(ranges), state.endpoints.values());
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

  return {
    apply(updates) {
      for (const update of updates) take(update);
      local.settle();
      programs.build();
    },
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
