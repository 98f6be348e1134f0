import type { Endpoint, Namespace } from "../../model/endpoint.ts";
import type { Node } from "../../model/node.ts";
import type { Policy } from "../../model/policy.ts";
import type { Problem } from "../../model/problem.ts";
import { type Defect, describe, whereText } from "./defect.ts";
import { nameOf } from "./metadata.ts";
import { readNamespace } from "./namespace.ts";
import { readNetworkPolicy, unreadablePolicy } from "./network-policy.ts";
import { readNode } from "./node.ts";
import { readPod } from "./pod.ts";
import type { ReadOptions } from "./read-options.ts";
import { isObject } from "./schema.ts";

export type { ReadOptions } from "./read-options.ts";

/** What an object is to the model. */
export type ObjectValue =
  | {
      readonly kind: "namespace";
      readonly value: Namespace;
      /** What its annotations isolate, beside all policies. */
      readonly isolation?: Policy;
    }
  | { readonly kind: "endpoint"; readonly value: Endpoint }
  | { readonly kind: "policy"; readonly value: Policy }
  | { readonly kind: "node"; readonly value: Node }
  /** Well formed, and nothing that policies are about. */
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "unreadable" };

export type ReadObject = ObjectValue & {
  /** `Pod x/a`, by which two objects are the same one; empty where it cannot be told. */
  readonly object: string;
  readonly problems: readonly Problem[];
};

type Fields = Readonly<Record<string, unknown>>;
type Reading = ObjectValue & { readonly object: string; readonly defects: readonly Defect[] };

const APIS: ReadonlyMap<string, string> = new Map([
  ["Namespace", "v1"],
  ["Node", "v1"],
  ["Pod", "v1"],
  ["NetworkPolicy", "networking.k8s.io/v1"],
]);
const KNOWN = "Namespace, Node or Pod (v1), NetworkPolicy (networking.k8s.io/v1) or a List of these";

function unknownKind(value: Fields): Reading {
  const { apiVersion, kind } = value;
  const { namespace, name } = nameOf(value);
  const object = typeof kind === "string" && name !== "" ? `${kind} ${namespace}/${name}` : "";
  const found = [apiVersion, kind].filter((part) => typeof part === "string").join(" ");
  const defect: Defect = {
    path: "kind",
    value: found,
    message: `unknown kind, expected ${KNOWN}`,
    consequence: "it is not read",
  };
  // An old or foreign NetworkPolicy isolates somebody, and nobody can tell whom.
  if (typeof kind === "string" && /^networkpolic(y|ies)$/i.test(kind)) {
    const consequence =
      "this policy isolates all pods of its namespace in both directions and allows nothing";
    const closed = unreadablePolicy(value, [{ ...defect, consequence }]);
    return { kind: "policy", object: object === "" ? "" : `${String(apiVersion)} ${object}`, ...closed };
  }
  return { kind: "unreadable", object, defects: [defect] };
}

function read(value: unknown, options: ReadOptions): Reading {
  if (!isObject(value)) {
    const message = `expected an object: ${KNOWN}`;
    const defect = { path: "", value: describe(value), message, consequence: "it is not read" };
    return { kind: "unreadable", object: "", defects: [defect] };
  }
  const { namespace, name } = nameOf(value);
  const { apiVersion, kind } = value;
  switch (typeof kind === "string" && apiVersion === APIS.get(kind) ? kind : "") {
    case "Namespace": {
      const found = readNamespace(value);
      const object = name === "" ? "" : `Namespace ${name}`;
      const { value: namespaceValue, ...rest } = found;
      return namespaceValue === undefined
        ? { kind: "unreadable", object, defects: found.defects }
        : { kind: "namespace", object, value: namespaceValue, ...rest };
    }
    case "Node":
      return { object: name === "" ? "" : `Node ${name}`, ...readNode(value, options.nodeName) };
    case "Pod": {
      const object = name === "" ? "" : `Pod ${namespace}/${name}`;
      const found = readPod(value, options);
      // The hot path: nearly all objects of a cluster are pods, and copies by spreading are the slow ones.
      return found.kind === "endpoint"
        ? { kind: "endpoint", object, value: found.value, defects: found.defects }
        : { object, ...found };
    }
    case "NetworkPolicy": {
      const object = name === "" ? "" : `NetworkPolicy ${namespace}/${name}`;
      return { kind: "policy", object, ...readNetworkPolicy(value) };
    }
    default:
      return unknownKind(value);
  }
}

/**
 * One Kubernetes object, as JSON has it, in the model's words. It never throws: what is wrong comes out as problems,
 * whose `where` is `PLACE (KIND NAMESPACE/NAME)`.
 */
export function readObject(value: unknown, where: string, options: ReadOptions = {}): ReadObject {
  const { defects, ...reading } = read(value, options);
  if (defects.length === 0) return { ...reading, problems: [] };
  const place = whereText(where, reading.object);
  return { ...reading, problems: defects.map((defect) => ({ where: place, ...defect })) };
}
