import { unreachable } from "../../../model/unreachable.ts";
import type { LabelSelector, Requirement } from "./kubernetes-policy.ts";

function requirementText({ key, operator, values }: Requirement, prefix: string): string {
  const label = `${prefix}${key}`;
  const list = values.map((value) => `'${value}'`).join(", ");
  switch (operator) {
    case "In":
      return `${label} in { ${list} }`;
    case "NotIn":
      return `${label} not in { ${list} }`;
    case "Exists":
      return `has(${label})`;
    case "DoesNotExist":
      return `! has(${label})`;
    default:
      return unreachable(operator);
  }
}

/** The terms of a label selector in Calico's language: labels by key, then expressions in their order. None: everything. */
export function selectorTerms(selector: LabelSelector | undefined, prefix = ""): string[] {
  const labels = Object.entries(selector?.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...labels.map(([key, value]) => `${prefix}${key} == '${value}'`),
    ...(selector?.matchExpressions ?? []).map((requirement) => requirementText(requirement, prefix)),
  ];
}

/** Terms that must all hold. */
export function allOf(...terms: readonly string[]): string {
  return terms.join(" && ");
}
