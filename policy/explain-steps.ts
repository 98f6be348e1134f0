import type { Address } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Direction } from "../model/policy.ts";
import type { Masquerade, Ruleset } from "../model/ruleset.ts";
import { unreachable } from "../model/unreachable.ts";
import { attribute, type AttributionContext } from "./attribution.ts";
import { ExplainError, type ExplanationStep, type Flow, partyText, trafficText } from "./flow.ts";
import type { FlowEnd } from "./flow-ends.ts";
import { judge } from "./judge.ts";
import { isMasqueraded } from "./masquerade.ts";

export interface ExplainScene extends AttributionContext {
  /** Holds the rules of both ends, even of those that live elsewhere. */
  readonly ruleset: Ruleset;
}

/** A step that no policy has a say in. */
export function plain(step: Omit<ExplanationStep, "policies" | "rule">): ExplanationStep {
  return { ...step, policies: [] };
}

function verb(allowed: boolean): string {
  return allowed ? "allows" : "denies";
}

/** Takes the verdict from the ruleset and its reasons from the policies; they can only disagree by a bug. */
function judgeEndpoint(
  scene: ExplainScene,
  flow: Flow,
  { endpoint, direction, remote }: { endpoint: Endpoint; direction: Direction; remote: Address | undefined },
): ExplanationStep {
  const packet = { remote, protocol: flow.protocol, port: flow.port };
  const other = remote ?? partyText(direction === "ingress" ? flow.from : flow.to);
  const traffic = `${trafficText(flow)} ${direction === "ingress" ? "from" : "to"} ${other}`;
  const { isolating, allowedBy } = attribute(scene, { endpoint, direction, packet });
  const policies = isolating.map(({ title }) => title);
  const attributed = isolating.length === 0 || allowedBy !== undefined;
  const { ruleset } = scene;
  const program = ruleset.endpoints.get(endpoint.id)?.[direction];
  const judged = program !== undefined && judge(ruleset, program, packet);
  if (judged !== attributed) {
    throw new ExplainError("disagreement", {
      tried: `judge ${traffic} at the ${direction} of ${endpoint.id}`,
      found: `the ruleset (program ${program ?? "missing"}) ${verb(judged)} it, the policies one by one (${policies.join(", ")}) ${verb(attributed)} it`,
      next: "this is a bug in tortie: please report it with the policies and pods concerned",
    });
  }
  if (isolating.length === 0) {
    const because = `no policy isolates the ${direction} of ${endpoint.id}`;
    return { at: direction, verdict: "allow", because, policies };
  }
  if (allowedBy === undefined) {
    const because = `${endpoint.id} is isolated by ${policies.join(", ")} and no rule allows ${traffic}`;
    return { at: direction, verdict: "deny", because, policies };
  }
  const rule = { policy: allowedBy.policy.title, source: allowedBy.rule.source };
  const because = `${rule.policy} ${rule.source} allows ${traffic}`;
  return { at: direction, verdict: "allow", because, policies, rule };
}

export function egressStep(
  scene: ExplainScene,
  flow: Flow,
  from: FlowEnd,
  destination: Address | undefined,
): ExplanationStep {
  if (from.kind === "endpoint") {
    return judgeEndpoint(scene, flow, { endpoint: from.endpoint, direction: "egress", remote: destination });
  }
  const because = `${partyText(flow.from)} is no endpoint: no policy judges what it sends`;
  return plain({ at: "egress", verdict: "allow", because });
}

export function ingressStep(
  scene: ExplainScene,
  flow: Flow,
  to: FlowEnd,
  source: Address | undefined,
): ExplanationStep {
  const at = "ingress";
  switch (to.kind) {
    case "endpoint":
      return judgeEndpoint(scene, flow, { endpoint: to.endpoint, direction: at, remote: source });
    case "node":
      return plain({ at, verdict: "allow", because: "the node accepts what egress policy lets out to it" });
    case "address": {
      const because = `${to.address} is no endpoint: no policy judges what it receives`;
      return plain({ at, verdict: "allow", because });
    }
    default:
      return unreachable(to);
  }
}

/** Nothing to tell where the packet keeps its source. Behind all verdicts: policies judge the endpoint's own address. */
export function leavingSteps(
  masquerade: Masquerade,
  from: FlowEnd,
  { source, destination }: { source: Address | undefined; destination: Address | undefined },
): ExplanationStep[] {
  if (from.kind !== "endpoint" || source === undefined || destination === undefined) return [];
  if (!isMasqueraded(masquerade, { source, destination })) return [];
  const because = `${destination} is in no pool: it sees the address of the node, not ${source}`;
  return [plain({ at: "leaving", verdict: "allow", because })];
}

export function gateStep(from: FlowEnd & { kind: "endpoint" }, source: Address): ExplanationStep {
  const own = from.owned.includes(source);
  const because = own
    ? `${source} is ${from.endpoint.id}'s own address`
    : `${source} is not an address of ${from.endpoint.id}: the source is forged`;
  return plain({ at: "gate", verdict: own ? "allow" : "deny", because });
}
