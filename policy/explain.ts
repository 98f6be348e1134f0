import type { Family } from "../model/address.ts";
import type { EndpointId } from "../model/endpoint.ts";
import { hasPorts, protocolName } from "../model/protocol.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { ClusterState } from "../model/update.ts";
import { createAddressOwners } from "./address-owners.ts";
import type { AttributionContext } from "./attribution.ts";
import { compileRuleset } from "./compiler.ts";
import { egressStep, gateStep, ingressStep, leavingSteps, plain } from "./explain-steps.ts";
import { ExplainError, type Explanation, type ExplanationStep, type Flow, partyText } from "./flow.ts";
import { addressOf, closedBecause, commonFamily, type FlowEnd, resolveEnd } from "./flow-ends.ts";

export { ExplainError } from "./flow.ts";
export type { Explanation, ExplanationStep, Flow, Party } from "./flow.ts";

function conclude(...steps: ExplanationStep[]): Explanation {
  return { verdict: steps.every(({ verdict }) => verdict === "allow") ? "allowed" : "denied", steps };
}

function contextOf(state: ClusterState): AttributionContext {
  const owners = createAddressOwners();
  for (const endpoint of state.endpoints.values()) owners.change(undefined, endpoint);
  return { state, owners };
}

function demandPort(flow: Flow): void {
  if (!hasPorts(flow.protocol) || flow.port !== undefined) return;
  throw new ExplainError("portMissing", {
    tried: `judge a flow from ${partyText(flow.from)} to ${partyText(flow.to)}`,
    found: `no destination port, and ${protocolName(flow.protocol)} has ports`,
    next: "name the port",
  });
}

function closedEnd(
  context: AttributionContext,
  flow: Flow,
  { from, to, family }: { from: FlowEnd; to: FlowEnd; family: Family | undefined },
): Explanation | undefined {
  // A forged source needs no address of its own: that one is the gate's affair.
  const source = closedBecause(context, from, flow.claimedSource === undefined ? family : undefined);
  if (source !== undefined) return conclude(plain({ at: "gate", verdict: "deny", because: source }));
  const there = closedBecause(context, to, family);
  return there === undefined
    ? undefined
    : conclude(plain({ at: "ingress", verdict: "deny", because: there }));
}

function explainWith(
  context: AttributionContext,
  flow: Flow,
  rulesetOf: (ends: readonly FlowEnd[]) => Ruleset,
): Explanation {
  const from = resolveEnd(context, flow.from);
  const to = resolveEnd(context, flow.to);
  const self = from.kind === "endpoint" && to.kind === "endpoint" && from.endpoint === to.endpoint;
  if (self && flow.throughService !== true) {
    const because = `traffic of ${from.endpoint.id} to itself never leaves it`;
    return conclude(plain({ at: "loopback", verdict: "allow", because }));
  }
  demandPort(flow);
  if (from.kind === "node" && to.kind === "endpoint") {
    const because = `traffic from its own node to ${to.endpoint.id} is never policed`;
    return conclude(plain({ at: "ingress", verdict: "allow", because }));
  }
  const shut = closedEnd(context, flow, { from, to, family: undefined });
  if (shut !== undefined) return shut;
  const family = commonFamily(flow, from, to);
  const shutInFamily = closedEnd(context, flow, { from, to, family });
  if (shutInFamily !== undefined) return shutInFamily;

  const source = flow.claimedSource ?? addressOf(from, family);
  const gate = from.kind === "endpoint" && source !== undefined ? [gateStep(from, source)] : [];
  if (gate.some(({ verdict }) => verdict === "deny")) return conclude(...gate);
  const scene = { ...context, ruleset: rulesetOf([from, to]) };
  const destination = addressOf(to, family);
  const judged = conclude(
    ...gate,
    egressStep(scene, flow, from, destination),
    ingressStep(scene, flow, to, source),
  );
  if (judged.verdict === "denied" || to.kind === "node") return judged;
  const { masquerade } = scene.ruleset;
  return conclude(...judged.steps, ...leavingSteps(masquerade, from, { source, destination }));
}

/**
 * Says what happens to a flow's first packet, step by step, and which policy and rule decides. Both ends are judged,
 * wherever they live. Throws ExplainError.
 */
export function explain(state: ClusterState, flow: Flow): Explanation {
  return explainWith(contextOf(state), flow, (ends) => {
    const ids = new Set<EndpointId>();
    for (const end of ends) if (end.kind === "endpoint") ids.add(end.endpoint.id);
    return compileRuleset(state, { isLocal: ({ id }) => ids.has(id) });
  });
}

/** The same for many flows in one state, which must not change meanwhile: it is compiled once, for everybody. */
export function createExplainer(state: ClusterState): (flow: Flow) => Explanation {
  const context = contextOf(state);
  let ruleset: Ruleset | undefined;
  return (flow) =>
    explainWith(context, flow, () => (ruleset ??= compileRuleset(state, { isLocal: () => true })));
}
