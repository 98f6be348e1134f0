import { type Defect, describe } from "./defect.ts";
import { isNamespaceName, isObjectName } from "./names.ts";
import { isObject } from "./schema.ts";

/** What an object is called. */
export interface Name {
  /** `default` where none is given, as the API server fills it in. */
  readonly namespace: string;
  /** Empty where it has none that can be read. */
  readonly name: string;
}

export interface Identity extends Name {
  readonly defects: readonly Defect[];
}

const NAME_RULE = "expected a DNS name: at most 253 lower-case letters, digits, - and .";
export const NAMESPACE_RULE: string = "expected a DNS label: at most 63 lower-case letters, digits and -";

/** Text as it is; a number or truth value as whoever wrote it without quotes meant it; else empty. */
function loosely(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** What it is called by, whether an object may be called so or not. */
export function nameOf({ metadata }: Readonly<Record<string, unknown>>): Name {
  if (!isObject(metadata)) return { namespace: "default", name: "" };
  return { namespace: loosely(metadata["namespace"]) || "default", name: loosely(metadata["name"]) };
}

/** metadata.name and metadata.namespace; a defect in either makes the object unreadable, whatever that means for its kind. */
export function readIdentity(value: Readonly<Record<string, unknown>>, consequence: string): Identity {
  const { metadata } = value;
  if (!isObject(metadata)) {
    const message = "expected an object with a name";
    const defect: Defect = { path: "metadata", value: describe(metadata), message, consequence };
    return { ...nameOf(value), defects: [defect] };
  }
  const { name, namespace = null } = metadata;
  const defects: Defect[] = [];
  if (typeof name !== "string" || !isObjectName(name)) {
    const message = name === undefined || name === null ? "is required" : NAME_RULE;
    defects.push({ path: "metadata.name", value: describe(name), message, consequence });
  }
  // Go reads null and "" as absent.
  const given = namespace === "" ? null : namespace;
  if (given !== null && (typeof given !== "string" || !isNamespaceName(given))) {
    const message = NAMESPACE_RULE;
    defects.push({ path: "metadata.namespace", value: describe(given), message, consequence });
  }
  return { namespace: loosely(given) || "default", name: loosely(name), defects };
}
