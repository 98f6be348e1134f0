import { fingerprint } from "../../model/fingerprint.ts";
import { closedPolicy } from "../objects/closed-policy.ts";
import { ISOLATION_ANNOTATION, unreadableIsolation } from "../objects/default-deny.ts";
import { isNamespaceName } from "../objects/names.ts";
import { unreadableNamespace } from "../objects/namespace.ts";
import type { ObjectValue } from "../objects/read-object.ts";

export type NamedObject = ObjectValue & { readonly object: string };

export interface Salvaged {
  readonly objects: readonly NamedObject[];
  /** What tortie does about the document. */
  readonly consequence: string;
}

const POLICY_WORDS = /\b(NetworkPolic(y|ies)(List)?|podSelector|policyTypes|networking\.k8s\.io)\b/i;
const NAMESPACE_KIND = /\bkind["']?\s*:\s*["']?Namespace(List)?\b/;

/** Comments count for nothing, and what is cut from a quoted text with a `#` in it hardly matters here. */
function withoutComments(text: string): string {
  return text.replaceAll(/(^|\s)#[^\n]*/g, "$1");
}

function valuesOf(key: string, text: string): string[] {
  const found = text.matchAll(new RegExp(`(?:^|[\\s,{])["']?${key}["']?\\s*:\\s*["']?([A-Za-z0-9.-]+)`, "g"));
  return [...new Set(Array.from(found, ([, value = ""]) => value))];
}

/**
 * What an unreadable document must still do. If it looks like a NetworkPolicy, it isolates every namespace that it
 * names (`default` where it names none); if like a Namespace, the names in it are namespaces of unknown labels, and
 * isolated if the annotation that isolates namespaces is in it, whatever it says.
 * A pod that cannot be read needs nothing: its interface stays closed by being unknown.
 */
export function salvage(documentText: string): Salvaged {
  const text = withoutComments(documentText);
  const names = valuesOf("name", text);
  const objects: NamedObject[] = [];
  const consequences: string[] = [];
  if (POLICY_WORDS.test(text)) {
    const named = valuesOf("namespace", text);
    const namespaces = named.length > 0 ? named : ["default"];
    for (const namespace of namespaces) {
      const [name = fingerprint(documentText)] = names;
      const id = `(unreadable ${name})`;
      const value = closedPolicy({ namespace, id, title: `${namespace}/${id}` });
      objects.push({ kind: "policy", object: "", value });
    }
    consequences.push(
      `it isolates all pods of namespace ${namespaces.join(", ")} in both directions and allows nothing`,
    );
  }
  // JSON may write a slash as `\/`. No other object has this annotation.
  const isolates = text.replaceAll("\\/", "/").includes(ISOLATION_ANNOTATION);
  if (isolates || NAMESPACE_KIND.test(text)) {
    const namespaces = names.filter(isNamespaceName);
    for (const name of namespaces) {
      const isolation = isolates && { isolation: unreadableIsolation(name) };
      objects.push({ kind: "namespace", object: "", value: unreadableNamespace(name), ...isolation });
    }
    consequences.push(`no namespaceSelector matches namespace ${namespaces.join(", ")}`);
    if (isolates) consequences.push("all pods there are isolated in both directions");
  }
  return { objects, consequence: consequences.join("; ") || "nothing in it is read" };
}
