import type { ServedResource } from "./resources.ts";
import type { Stored } from "./store.ts";

export type FieldSelector = (object: Stored) => boolean;

interface Term {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

function term(text: string): Term {
  const [, field = "", operator, value = ""] = /^([^!=]+)(!=|==|=)(.*)$/.exec(text) ?? [];
  return { field, equal: operator !== "!=", value };
}

/** Which objects a `fieldSelector` lets through, or what the server says against it. */
export function fieldSelector(
  text: string,
  resource: ServedResource,
  refused: readonly string[],
): FieldSelector | { readonly refusal: string } {
  const terms = text.split(",").filter(Boolean).map(term);
  const known = ["metadata.name", "metadata.namespace", ...Object.keys(resource.fields)];
  for (const { field } of terms) {
    if (known.includes(field) && !refused.includes(field)) continue;
    const where = `"${resource.apiVersion}, Resource=${resource.name}"`;
    const refusal = `Unable to find ${where} that match label selector "", field selector "${text}": field label not supported: ${field}`;
    return { refusal };
  }
  return ({ fields }) => terms.every(({ field, equal, value }) => (fields[field] === value) === equal);
}
