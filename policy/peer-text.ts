import type { Peer } from "../model/policy.ts";
import { type EndpointSelector, endpointSelectorText, type Selector } from "../model/selector.ts";
import { unreachable } from "../model/unreachable.ts";

// JSON, because stored selector values may hold any character: in the text for people the one value "a', 'b" looks
// like two, and policies that ask different questions would share a set.
const peerKeys = new WeakMap<Peer, string>();

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

/** Equal for selectors that are written alike, whatever the order of their parts; never equal for others. */
export function selectorKey({ namespaces, endpoints }: EndpointSelector): string {
  const own = labelsKey(endpoints);
  switch (namespaces.kind) {
    case "any":
      return `["any",${own}]`;
    case "named":
      return `["named",${JSON.stringify(namespaces.name)},${own}]`;
    case "labelled":
      return `["labelled",${labelsKey(namespaces.selector)},${own}]`;
    default:
      return unreachable(namespaces);
  }
}

/** Equal for peers that are written alike, whatever the order of their parts; never equal for others. */
export function peerKey(peer: Peer): string {
  const known = peerKeys.get(peer);
  if (known !== undefined) return known;
  const key =
    peer.kind === "endpoints"
      ? selectorKey(peer.selector)
      : JSON.stringify(["block", unique(peer.nets), unique(peer.notNets)]);
  peerKeys.set(peer, key);
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
