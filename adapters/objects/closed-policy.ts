import { type Direction, type Policy, policyId } from "../../model/policy.ts";

export const BOTH_DIRECTIONS: readonly Direction[] = ["ingress", "egress"];

/** What stands in for a NetworkPolicy of which nothing but the namespace is known: it isolates everyone there and allows nothing. */
export function closedPolicy(name: {
  readonly namespace: string;
  readonly id: string;
  readonly title: string;
}): Policy {
  return {
    id: policyId("NetworkPolicy", name.namespace, name.id),
    title: name.title,
    tier: "default",
    order: 1000,
    subjects: { namespaces: { kind: "named", name: name.namespace }, endpoints: { kind: "all" } },
    directions: BOTH_DIRECTIONS,
    ingress: [],
    egress: [],
  };
}

/** The policy without anything that it allows, and isolating both ways: what it says now cannot be known. */
export function closePolicy(policy: Policy): Policy {
  return { ...policy, directions: BOTH_DIRECTIONS, ingress: [], egress: [] };
}
