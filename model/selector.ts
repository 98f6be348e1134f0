import { type Labels, labelValue } from "./labels.ts";
import { unreachable } from "./unreachable.ts";

/** A question about one object's labels. */
export type Selector =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  | { readonly kind: "has"; readonly key: string }
  | { readonly kind: "in"; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: "not"; readonly operand: Selector }
  | { readonly kind: "and"; readonly operands: readonly Selector[] };

/** Which namespaces an endpoint may live in; `any` takes in endpoints without a namespace too. */
export type NamespaceSelector =
  | { readonly kind: "any" }
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "labelled"; readonly selector: Selector };

/** Endpoints by their namespace and their own labels: two label spaces that never mix (CVE-2023-39347). */
export interface EndpointSelector {
  readonly namespaces: NamespaceSelector;
  readonly endpoints: Selector;
}

export function selectorMatches(selector: Selector, labels: Labels): boolean {
  switch (selector.kind) {
    case "all":
      return true;
    case "none":
      return false;
    case "has":
      return labelValue(labels, selector.key) !== undefined;
    case "in": {
      const value = labelValue(labels, selector.key);
      return value !== undefined && selector.values.includes(value);
    }
    case "not":
      return !selectorMatches(selector.operand, labels);
    case "and":
      return selector.operands.every((operand) => selectorMatches(operand, labels));
    default:
      return unreachable(selector);
  }
}

/**
 * The selector much as Calico writes it, operands sorted. For people only: quotes are not escaped, so different
 * selectors may read alike.
 */
export function selectorText(selector: Selector): string {
  switch (selector.kind) {
    case "all":
      return "all()";
    case "none":
      return "!all()";
    case "has":
      return `has(${selector.key})`;
    case "in": {
      const values = selector.values.toSorted();
      return values.length === 1
        ? `${selector.key} == '${values[0]}'`
        : `${selector.key} in {${values.map((value) => `'${value}'`).join(", ")}}`;
    }
    case "not":
      return `!(${selectorText(selector.operand)})`;
    case "and":
      return selector.operands.map(selectorText).toSorted().join(" && ");
    default:
      return unreachable(selector);
  }
}

/** For people only, like `selectorText`. */
export function endpointSelectorText({ namespaces, endpoints }: EndpointSelector): string {
  const own = selectorText(endpoints);
  switch (namespaces.kind) {
    case "any":
      return own;
    case "named":
      return `namespace '${namespaces.name}': ${own}`;
    case "labelled":
      return `namespaces (${selectorText(namespaces.selector)}): ${own}`;
    default:
      return unreachable(namespaces);
  }
}
