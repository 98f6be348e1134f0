import * as v from "valibot";
import { fingerprint } from "../../model/fingerprint.ts";
import { type Direction, type Policy, policyId, type Rule } from "../../model/policy.ts";
import type { EndpointSelector } from "../../model/selector.ts";
import { BOTH_DIRECTIONS, closedPolicy } from "./closed-policy.ts";
import { type Defect, describe } from "./defect.ts";
import { labelSelector, readSelector } from "./label-selector.ts";
import { readIdentity } from "./metadata.ts";
import { readRule } from "./policy-rule.ts";
import { anything, isObject, listOf, maybe, parseAt, type Schema, strictFields } from "./schema.ts";

const CLOSED: string = "this policy isolates all pods of its namespace in both directions and allows nothing";

const directionName: Schema<Direction> = v.pipe(
  v.picklist(["Ingress", "Egress"], "expected Ingress or Egress"),
  v.transform((text): Direction => (text === "Ingress" ? "ingress" : "egress")),
);
const policyTypes: Schema<Direction[]> = v.pipe(
  listOf(directionName),
  v.maxLength(2, "expected at most two policy types"),
);
const object = strictFields({
  apiVersion: anything,
  kind: anything,
  metadata: anything,
  spec: maybe(anything),
  status: maybe(anything),
});
const spec = strictFields({
  podSelector: maybe(anything),
  policyTypes: maybe(anything),
  ingress: maybe(anything),
  egress: maybe(anything),
});

interface Reading {
  readonly namespace: string;
  readonly defects: Defect[];
}

function readSubjects(value: unknown, { namespace, defects }: Reading): EndpointSelector {
  const everyone: EndpointSelector = {
    namespaces: { kind: "named", name: namespace },
    endpoints: { kind: "all" },
  };
  const path = "spec.podSelector";
  const consequence = "this policy isolates all pods of its namespace";
  const parsed = parseAt(labelSelector, value ?? {}, { path, consequence });
  if (!parsed.ok) {
    defects.push(...parsed.defects);
    return everyone;
  }
  const read = readSelector(parsed.value, path);
  // No server ever stored such a key: it is a mistake in a file, and a mistake must not leave pods open.
  if (read.foreignKey) {
    defects.push(...read.defects.map((defect) => ({ ...defect, consequence })));
    return everyone;
  }
  defects.push(...read.defects);
  return { ...everyone, endpoints: read.selector };
}

function readRules(value: unknown, direction: Direction, { namespace, defects }: Reading): Rule[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    const consequence = `this policy isolates ${direction} and allows none`;
    defects.push({
      path: `spec.${direction}`,
      value: describe(value),
      message: "expected a list",
      consequence,
    });
    return [];
  }
  return value.flatMap((entry: unknown, index) => {
    const read = readRule(entry, { direction, index, namespace });
    defects.push(...read.defects);
    return read.rule === undefined ? [] : [read.rule];
  });
}

/** policyTypes, or what the API server fills in: Ingress always, Egress where there are egress rules. */
function readDirections(fields: Readonly<Record<string, unknown>>, defects: Defect[]): readonly Direction[] {
  const parsed = parseAt(policyTypes, fields["policyTypes"], {
    path: "spec.policyTypes",
    consequence: "this policy isolates both directions",
  });
  if (!parsed.ok) {
    defects.push(...parsed.defects);
    return BOTH_DIRECTIONS;
  }
  if (parsed.value.length > 0) return BOTH_DIRECTIONS.filter((name) => parsed.value.includes(name));
  const { egress = null } = fields;
  const hasEgress = egress !== null && !(Array.isArray(egress) && egress.length === 0);
  return hasEgress ? BOTH_DIRECTIONS : ["ingress"];
}

export interface ReadPolicy {
  readonly value: Policy;
  readonly defects: readonly Defect[];
}

/** Names an unreadable policy by its content, in parentheses, which no readable name has. */
function closedName(name: string, content: unknown): string {
  return `(unreadable ${name === "" ? fingerprint(JSON.stringify(content)) : name})`;
}

/** A policy object of which only the namespace, at most, can be trusted. */
export function unreadablePolicy(
  value: Readonly<Record<string, unknown>>,
  defects: readonly Defect[],
): ReadPolicy {
  const { namespace, name } = readIdentity(value, CLOSED);
  const id = closedName(name, value);
  return {
    value: closedPolicy({
      namespace,
      id,
      title: `${namespace}/${name === "" ? id : `${name} (unreadable)`}`,
    }),
    defects,
  };
}

/**
 * A NetworkPolicy (networking.k8s.io/v1). Whatever is wrong with it, a policy comes out: a rule that cannot be read
 * allows nothing, a selector that cannot be read isolates the namespace, a field that nobody knows isolates both ways.
 */
export function readNetworkPolicy(value: Readonly<Record<string, unknown>>): ReadPolicy {
  const { namespace, name, defects: nameless } = readIdentity(value, CLOSED);
  if (nameless.length > 0) return unreadablePolicy(value, nameless);
  // The API server stores a policy without a specification as one whose every field is empty.
  const fields = value["spec"] ?? {};
  if (!isObject(fields)) {
    const defect: Defect = {
      path: "spec",
      value: describe(fields),
      message: "expected an object",
      consequence: CLOSED,
    };
    return { value: closedPolicy({ namespace, id: name, title: `${namespace}/${name}` }), defects: [defect] };
  }
  const defects: Defect[] = [];
  const consequence = "this policy isolates both directions";
  const unknown = [
    parseAt(object, value, { path: "", consequence }),
    parseAt(spec, fields, { path: "spec", consequence }),
  ].flatMap((parsed) => (parsed.ok ? [] : parsed.defects));
  defects.push(...unknown);
  const reading: Reading = { namespace, defects };
  const named = readDirections(fields, defects);
  const directions = unknown.length > 0 ? BOTH_DIRECTIONS : named;
  const rules = (direction: Direction): Rule[] =>
    directions.includes(direction) ? readRules(fields[direction], direction, reading) : [];
  const policy: Policy = {
    id: policyId("NetworkPolicy", namespace, name),
    title: `${namespace}/${name}`,
    tier: "default",
    order: 1000,
    subjects: readSubjects(fields["podSelector"], reading),
    directions,
    ingress: rules("ingress"),
    egress: rules("egress"),
  };
  return { value: policy, defects };
}
