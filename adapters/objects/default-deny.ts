import * as v from "valibot";
import { type Policy, policyId } from "../../model/policy.ts";
import { BOTH_DIRECTIONS } from "./closed-policy.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { isObject, maybe, parseAt, type Schema, strictFields } from "./schema.ts";

/** How namespaces were isolated before networking.k8s.io/v1: clusters from 2016 still carry it. */
export const ISOLATION_ANNOTATION = "net.beta.kubernetes.io/network-policy";

const PATH = childPath("metadata.annotations", ISOLATION_ANNOTATION);
const CONSEQUENCE = "all pods of this namespace are isolated in both directions";

interface Isolation {
  readonly ingress?: { readonly isolation?: string | undefined } | undefined;
}

const isolation: Schema<Isolation> = strictFields({
  ingress: maybe(
    strictFields({
      isolation: maybe(v.picklist(["DefaultDeny", ""], "unknown isolation, expected DefaultDeny")),
    }),
  ),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Isolates every pod of the namespace and allows nothing. */
function denyAll(namespace: string, directions: Policy["directions"]): Policy {
  return {
    id: policyId("DefaultDeny", namespace, "annotation"),
    title: `${namespace} (annotation ${ISOLATION_ANNOTATION})`,
    tier: "default",
    order: 1000,
    subjects: { namespaces: { kind: "named", name: namespace }, endpoints: { kind: "all" } },
    directions,
    ingress: [],
    egress: [],
  };
}

/** What stands in for an annotation of which nobody can tell what it isolates. */
export function unreadableIsolation(namespace: string): Policy {
  return denyAll(namespace, BOTH_DIRECTIONS);
}

export interface ReadIsolation {
  /** Undefined: nothing is isolated. */
  readonly policy: Policy | undefined;
  readonly defects: readonly Defect[];
}

/**
 * What a namespace's annotations isolate by themselves: `{"ingress":{"isolation":"DefaultDeny"}}` isolates the ingress of all
 * its pods. It adds to what today's policies say and takes nothing away. One that cannot be read isolates both directions.
 */
export function readIsolation(namespace: string, annotations: unknown): ReadIsolation {
  const closed = (...defects: readonly Defect[]): ReadIsolation => ({
    policy: unreadableIsolation(namespace),
    defects,
  });
  const given = annotations ?? {};
  if (!isObject(given)) {
    const [path, message] = ["metadata.annotations", "expected an object"];
    return closed({ path, value: describe(given), message, consequence: CONSEQUENCE });
  }
  const text = Object.hasOwn(given, ISOLATION_ANNOTATION) ? (given[ISOLATION_ANNOTATION] ?? "") : "";
  if (text === "") return { policy: undefined, defects: [] };
  const value = typeof text === "string" ? parseJson(text) : undefined;
  if (value === undefined) {
    const message = 'expected JSON text such as {"ingress":{"isolation":"DefaultDeny"}}';
    return closed({ path: PATH, value: describe(text), message, consequence: CONSEQUENCE });
  }
  const parsed = parseAt(isolation, value ?? {}, { path: PATH, consequence: CONSEQUENCE });
  if (!parsed.ok) return closed(...parsed.defects);
  const isolated = parsed.value.ingress?.isolation === "DefaultDeny";
  return { policy: isolated ? denyAll(namespace, ["ingress"]) : undefined, defects: [] };
}
