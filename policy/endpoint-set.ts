import type { Address } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { sameItems } from "./address-owners.ts";
import type { ActiveSelector, SelectorIndex } from "./selector-index.ts";

/** A selector among the peers of some set. */
export type PeerSelector = ActiveSelector<EndpointSet>;
export type PeerIndex = SelectorIndex<EndpointSet>;

/** An endpoint as sets see it. */
export interface Member {
  readonly endpoint: Endpoint;
  /** The addresses that it owns. */
  readonly addresses: readonly Address[];
  readonly matched: ReadonlySet<PeerSelector>;
}

export interface MemberChange {
  readonly before: Member | undefined;
  readonly after: Member | undefined;
}

/**
 * A set that endpoints fill. It needs no counts: an address has one owner, so an element comes from one endpoint.
 * That holds only if, when an address moves, all leave before anyone enters.
 */
export interface EndpointSet {
  leave(change: MemberChange): void;
  enter(change: MemberChange): void;
}

export interface EndpointSetOptions<Element> {
  readonly elements: Set<Element>;
  /** What the member puts in. */
  readonly contribution: (member: Member) => readonly Element[];
  readonly added: (element: Element) => void;
  readonly removed: (element: Element) => void;
}

export function createEndpointSet<Element>(options: EndpointSetOptions<Element>): EndpointSet {
  const { elements, contribution, added, removed } = options;
  const given = (member: Member | undefined) => (member === undefined ? [] : contribution(member));
  return {
    leave({ before, after }) {
      const kept = given(after);
      for (const element of given(before)) {
        if (!kept.includes(element) && elements.delete(element)) removed(element);
      }
    },
    enter({ after }) {
      for (const element of given(after)) {
        if (elements.has(element)) continue;
        elements.add(element);
        added(element);
      }
    },
  };
}

function samePorts(a: Endpoint["ports"], b: Endpoint["ports"]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every(({ name, protocol, port }, at) => {
    const other = b[at];
    return other?.name === name && other.protocol === protocol && other.port === port;
  });
}

/** Whether sets that ask for the endpoint before and after get the same elements of it. */
function sameGift(before: Member, after: Member): boolean {
  return (
    sameItems(before.addresses, after.addresses) && samePorts(before.endpoint.ports, after.endpoint.ports)
  );
}

const NONE: ReadonlySet<PeerSelector> = new Set();

function concernedSets({ before, after }: MemberChange): Set<EndpointSet> {
  const left = before?.matched ?? NONE;
  const entered = after?.matched ?? NONE;
  const same = before !== undefined && after !== undefined && sameGift(before, after);
  const sets = new Set<EndpointSet>();
  for (const selector of same ? left.symmetricDifference(entered) : left.union(entered)) {
    for (const set of selector.users) sets.add(set);
  }
  return sets;
}

/** Carries changes that belong together into the sets that they concern, and no others. */
export function moveMembers(changes: readonly MemberChange[]): void {
  const concerned = changes.map((change) => ({ change, sets: concernedSets(change) }));
  for (const { change, sets } of concerned) for (const set of sets) set.leave(change);
  for (const { change, sets } of concerned) for (const set of sets) set.enter(change);
}
