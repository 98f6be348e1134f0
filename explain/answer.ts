import type { Problem } from "../model/problem.ts";
import { protocolName } from "../model/protocol.ts";
import type { Explanation, ExplanationStep, Flow } from "../policy/explain.ts";
import { partyText, trafficText } from "../policy/flow.ts";

function decided({ verdict, steps }: Explanation): string {
  const denying = steps.find((step) => step.verdict === "deny");
  if (denying !== undefined) return `Denied at ${denying.at}: ${denying.because}.`;
  const rules = steps.flatMap(({ rule }) => (rule === undefined ? [] : [`${rule.policy} ${rule.source}`]));
  const because = rules.length === 0 ? "no policy stands in the way" : `by ${rules.join(" and ")}`;
  return `${verdict === "allowed" ? "Allowed" : "Denied"}: ${because}.`;
}

function stepLines({ at, verdict, because, policies, rule }: ExplanationStep): string[] {
  const indent = " ".repeat(18);
  const lines = [`  ${at.padEnd(8)}  ${verdict.padEnd(5)} ${because}`];
  if (policies.length > 0) lines.push(`${indent}isolated by: ${policies.join(", ")}`);
  if (rule !== undefined) lines.push(`${indent}decided by: ${rule.policy}, rule ${rule.source}`);
  return lines;
}

/** The answer for people. */
export function answerText(flow: Flow, explanation: Explanation): string {
  const asked = `${partyText(flow.from)} to ${partyText(flow.to)}, ${trafficText(flow)}`;
  return [asked, ...explanation.steps.flatMap(stepLines), decided(explanation), ""].join("\n");
}

/** The answer for programs: one object, names as in policy/explain.ts. */
export function answerJson(flow: Flow, explanation: Explanation, problems: readonly Problem[]): string {
  const { verdict, steps } = explanation;
  const asked = {
    from: partyText(flow.from),
    to: partyText(flow.to),
    protocol: protocolName(flow.protocol),
    ...(flow.port !== undefined && { port: flow.port }),
    ...(flow.family !== undefined && { family: flow.family }),
  };
  return `${JSON.stringify({ verdict, because: decided(explanation), flow: asked, steps, problems }, undefined, 2)}\n`;
}
