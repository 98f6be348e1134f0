import type { Peer } from "../model/policy.ts";
import {
  type EndpointSelector,
  endpointSelectorText,
  type NamespaceSelector,
  type Selector,
} from "../model/selector.ts";
import { unreachable } from "../model/unreachable.ts";

// JSON, because stored selector values may hold any character: in the text for people the one value "a', 'b" looks
// like two, and policies that ask different questions would share a set.
const keys = new WeakMap<Peer | EndpointSelector, string>();

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

/** Equal for selectors of labels that are written alike, whatever the order of their parts; never equal for others. */
export function labelsKey(selector: Selector): string {
  switch (selector.kind) {
    case "all":
    case "none":
      return JSON.stringify([selector.kind]);
    case "has":
      return JSON.stringify(["has", selector.key]);
    case "in":
      return JSON.stringify(["in", selector.key, unique(selector.values)]);
    case "not":
      return `["not",${labelsKey(selector.operand)}]`;
    case "and":
      return `["and",${unique(selector.operands.map(labelsKey)).join(",")}]`;
    default:
      return unreachable(selector);
  }
}

function namespacesKey(namespaces: NamespaceSelector): string {
  switch (namespaces.kind) {
    case "any":
      return `"any"`;
    case "named":
      return `"named",${JSON.stringify(namespaces.name)}`;
    case "labelled":
      return `"labelled",${labelsKey(namespaces.selector)}`;
    default:
      return unreachable(namespaces);
  }
}

/** Equal for selectors that are written alike, whatever the order of their parts; never equal for others. */
export function selectorKey(selector: EndpointSelector): string {
  const known = keys.get(selector);
  if (known !== undefined) return known;
  const key = `[${namespacesKey(selector.namespaces)},${labelsKey(selector.endpoints)}]`;
  keys.set(selector, key);
  return key;
}

/** Equal for peers that are written alike, whatever the order of their parts; never equal for others. */
export function peerKey(peer: Peer): string {
  if (peer.kind === "endpoints") return selectorKey(peer.selector);
  const known = keys.get(peer);
  if (known !== undefined) return known;
  const key = JSON.stringify(["block", unique(peer.nets), unique(peer.notNets)]);
  keys.set(peer, key);
  return key;
}

/** The peer in words. */
export function peerText(peer: Peer): string {
  switch (peer.kind) {
    case "endpoints":
      return endpointSelectorText(peer.selector);
    case "block": {
      const nets = unique(peer.nets).join(", ");
      return peer.notNets.length === 0 ? nets : `${nets} except ${unique(peer.notNets).join(", ")}`;
    }
    default:
      return unreachable(peer);
  }
}

const MOST_IN_WORDS = 20;

/** A list for people, who read no thousand: the first ones and how many more there are. */
export function inWords<Item>(list: readonly Item[], text: (item: Item) => string, between: string): string {
  const told = list.slice(0, MOST_IN_WORDS).map(text);
  const more = list.length - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join(between);
}
