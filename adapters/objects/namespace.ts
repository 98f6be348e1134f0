import type { Namespace } from "../../model/endpoint.ts";
import type { Policy } from "../../model/policy.ts";
import { readIsolation } from "./default-deny.ts";
import { type Defect, describe } from "./defect.ts";
import { readLabels } from "./labels.ts";
import { NAMESPACE_RULE, readIdentity } from "./metadata.ts";
import { isNamespaceName } from "./names.ts";
import { isObject } from "./schema.ts";

/** The label that the API server puts on every namespace; nobody may set it otherwise. */
const NAME_LABEL = "kubernetes.io/metadata.name";

/** A namespace that nobody wrote down, with the one label that it surely has. */
export function implicitNamespace(name: string): Namespace {
  return { name, labels: { [NAME_LABEL]: name } };
}

/** A namespace of which only the name is known: no namespace selector matches it, not even one that asks for a label's absence. */
export function unreadableNamespace(name: string): Namespace {
  return { ...implicitNamespace(name), unreadable: true };
}

export interface ReadNamespace {
  readonly value: Namespace | undefined;
  /** What its annotations isolate, beside all policies. */
  readonly isolation?: Policy;
  readonly defects: readonly Defect[];
}

/** A Namespace (v1). */
export function readNamespace(value: Readonly<Record<string, unknown>>): ReadNamespace {
  const consequence = "this namespace is not known";
  const { name, defects: nameless } = readIdentity(
    { metadata: namespaceless(value["metadata"]) },
    consequence,
  );
  if (nameless.length > 0) return { value: undefined, defects: nameless };
  if (!isNamespaceName(name)) {
    const defect = { path: "metadata.name", value: describe(name), message: NAMESPACE_RULE, consequence };
    return { value: undefined, defects: [defect] };
  }
  const metadata = isObject(value["metadata"]) ? value["metadata"] : {};
  const found = readLabels(metadata["labels"], {
    path: "metadata.labels",
    consequence: "no namespaceSelector matches this namespace",
  });
  const { policy, defects: unreadable } = readIsolation(name, metadata["annotations"]);
  const isolation = policy === undefined ? {} : { isolation: policy };
  if (!found.ok) {
    return { value: unreadableNamespace(name), ...isolation, defects: [...found.defects, ...unreadable] };
  }
  const written = found.value[NAME_LABEL] ?? name;
  const defects: Defect[] = [...unreadable];
  if (written !== name) {
    const path = `metadata.labels[${JSON.stringify(NAME_LABEL)}]`;
    const message = "this label is always the namespace's own name";
    defects.push({ path, value: describe(written), message, consequence: `it counts as ${describe(name)}` });
  }
  return { value: { name, labels: { ...found.value, [NAME_LABEL]: name } }, ...isolation, defects };
}

/** Namespaces live in none. */
function namespaceless(metadata: unknown): unknown {
  return isObject(metadata) ? { name: metadata["name"] } : metadata;
}
