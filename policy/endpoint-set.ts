import type { Address } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { sameItems } from "./address-owners.ts";
import { membersOf } from "./endpoint-groups.ts";
import type { Pace } from "./pace.ts";
import type { ActiveSelector, GroupChange, SelectorIndex } from "./selector-index.ts";

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

/** What sets ask, and how they get at those whom a selector selects. */
export interface Members {
  readonly index: PeerIndex;
  /** The addresses that the endpoint owns. */
  readonly addressesOf: (endpoint: Endpoint) => readonly Address[];
  readonly pace: Pace;
}

export interface EndpointSetOptions<Element> {
  readonly elements: Set<Element>;
  /** What the member puts in. */
  readonly contribution: (member: Member) => readonly Element[];
  /** The element came or went. */
  readonly changed: (element: Element) => void;
}

export function createEndpointSet<Element>(options: EndpointSetOptions<Element>): EndpointSet {
  const { elements, contribution, changed } = options;
  const given = (member: Member | undefined) => (member === undefined ? [] : contribution(member));
  return {
    leave({ before, after }) {
      const kept = given(after);
      for (const element of given(before)) {
        if (!kept.includes(element) && elements.delete(element)) changed(element);
      }
    },
    enter({ after }) {
      for (const element of given(after)) {
        if (elements.has(element)) continue;
        elements.add(element);
        changed(element);
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

/** Puts those whom the selectors select into a new set. */
export function* fillSet(
  set: EndpointSet,
  selectors: Iterable<PeerSelector>,
  { index, addressesOf, pace }: Members,
): Generator<void> {
  yield* index.settle();
  for (const { groups } of selectors) {
    for (const group of groups) {
      for (const endpoint of membersOf(group)) {
        const after = { endpoint, addresses: addressesOf(endpoint), matched: group.selecting };
        set.enter({ before: undefined, after });
        if (pace()) yield;
      }
    }
  }
}

const NONE: ReadonlySet<PeerSelector> = new Set();

function usersOf(selectors: Iterable<PeerSelector>): Set<EndpointSet> {
  const sets = new Set<EndpointSet>();
  for (const { users } of selectors) for (const set of users) sets.add(set);
  return sets;
}

function concernedSets({ before, after }: MemberChange): Set<EndpointSet> {
  const left = before?.matched ?? NONE;
  const entered = after?.matched ?? NONE;
  const same = before !== undefined && after !== undefined && sameGift(before, after);
  if (left === entered) return same ? new Set() : usersOf(left);
  return usersOf(same ? left.symmetricDifference(entered) : left.union(entered));
}

/** Carries changes that belong together into the sets that they concern, and no others. */
export function* moveMembers(changes: readonly MemberChange[], pace: Pace): Generator<void> {
  const concerned = changes.map((change) => ({ change, sets: concernedSets(change) }));
  for (const move of ["leave", "enter"] as const) {
    for (const { change, sets } of concerned) {
      for (const set of sets) {
        set[move](change);
        if (pace()) yield;
      }
    }
  }
}

/** Carries groups whose addresses stay as they are into the sets that they concern. */
export function* moveGroups(
  changes: readonly GroupChange<EndpointSet>[],
  { addressesOf, pace }: Members,
): Generator<void> {
  for (const { group, before, after } of changes) {
    const sets = usersOf(before.symmetricDifference(after));
    for (const endpoint of sets.size === 0 ? [] : membersOf(group)) {
      const addresses = addressesOf(endpoint);
      const change: MemberChange = {
        before: { endpoint, addresses, matched: before },
        after: { endpoint, addresses, matched: after },
      };
      for (const set of sets) {
        set.leave(change);
        set.enter(change);
        if (pace()) yield;
      }
    }
  }
}
