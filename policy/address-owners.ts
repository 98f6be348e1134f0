import type { Address } from "../model/address.ts";
import type { Endpoint, EndpointId } from "../model/endpoint.ts";

/** What an endpoint owned and what it owns now. */
export interface OwnershipChange {
  readonly before: readonly Address[];
  readonly after: readonly Address[];
}

/** Which of the endpoints that claim an address has it: one only, whatever the order in which they came. */
export interface AddressOwners {
  /**
   * Puts one endpoint's claims in the place of its earlier ones (undefined: it has none).
   * Returns the endpoints, itself included, whose addresses are others than before.
   */
  change(before: Endpoint | undefined, after: Endpoint | undefined): ReadonlyMap<EndpointId, OwnershipChange>;
  /** The endpoint's own addresses, in the order of its claims. */
  owned(endpoint: Endpoint | undefined): readonly Address[];
  owner(address: Address): EndpointId | undefined;
}

const NO_ADDRESSES: readonly Address[] = [];
const NO_CHANGES: ReadonlyMap<EndpointId, OwnershipChange> = new Map();

/** Negative: `a` has the better claim. */
function compareClaims(a: Endpoint, b: Endpoint): number {
  if (a.wired !== b.wired) return a.wired === true ? -1 : 1;
  if (a.deleting !== b.deleting) return a.deleting ? 1 : -1;
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  if (a.uidOrder !== b.uidOrder) return b.uidOrder - a.uidOrder;
  return a.id > b.id ? -1 : a.id < b.id ? 1 : 0;
}

export function sameItems<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a === b || (a.length === b.length && a.every((item, at) => item === b[at]));
}

function sameClaims(a: Endpoint, b: Endpoint): boolean {
  return (
    a.finished === b.finished &&
    a.wired === b.wired &&
    a.deleting === b.deleting &&
    a.startedAt === b.startedAt &&
    a.uidOrder === b.uidOrder &&
    sameItems(a.addresses, b.addresses)
  );
}

function claimed(endpoint: Endpoint | undefined): readonly Address[] {
  return endpoint === undefined || endpoint.finished ? NO_ADDRESSES : endpoint.addresses;
}

/** Claims of one address, best first. Alone is the rule, and a list for each would be a list for each pod of the cluster. */
type Claims = Endpoint | readonly Endpoint[];

function listed(claims: Claims | undefined): readonly Endpoint[] {
  if (claims === undefined) return [];
  return isList(claims) ? claims : [claims];
}

// Array.isArray does not narrow readonly lists.
function isList(claims: Claims): claims is readonly Endpoint[] {
  return Array.isArray(claims);
}

export function createAddressOwners(): AddressOwners {
  const claims = new Map<Address, Claims>();

  function owner(address: Address): EndpointId | undefined {
    const of = claims.get(address);
    return of === undefined || !isList(of) ? of?.id : of[0]?.id;
  }

  function owned(endpoint: Endpoint | undefined): readonly Address[] {
    const all = claimed(endpoint);
    const isOwner = (address: Address): boolean => owner(address) === endpoint?.id;
    return all.every(isOwner) ? all : all.filter(isOwner);
  }

  /** Claims as before, so that nobody's change: but the endpoint that was must not be kept. */
  function renew(before: Endpoint, after: Endpoint): void {
    for (const address of claimed(after)) {
      const of = claims.get(address);
      if (of === undefined) continue;
      if (isList(of))
        claims.set(
          address,
          of.map((claim) => (claim === before ? after : claim)),
        );
      else if (of === before) claims.set(address, after);
    }
  }

  return {
    owner,
    owned,
    change(before, after) {
      const id = (after ?? before)?.id;
      if (id === undefined) return NO_CHANGES;
      if (before !== undefined && after !== undefined && sameClaims(before, after)) {
        renew(before, after);
        return NO_CHANGES;
      }
      const wanted = claimed(after);
      const touched = new Set([...claimed(before), ...wanted]);
      const rivals = new Map<EndpointId, Endpoint>();
      for (const address of touched) {
        const rival = listed(claims.get(address)).find((claim) => claim.id !== id);
        if (rival !== undefined) rivals.set(rival.id, rival);
      }
      const had = [...rivals.values(), before].map(owned);
      for (const address of touched) {
        const others = listed(claims.get(address)).filter((claim) => claim.id !== id);
        const now = after !== undefined && wanted.includes(address) ? [...others, after] : others;
        const [first, second] = now;
        if (first === undefined) claims.delete(address);
        else claims.set(address, second === undefined ? first : now.toSorted(compareClaims));
      }
      const changes = new Map<EndpointId, OwnershipChange>();
      const has = [...rivals.values(), after].map(owned);
      for (const [at, affected] of [...rivals.keys(), id].entries()) {
        const change = { before: had[at] ?? NO_ADDRESSES, after: has[at] ?? NO_ADDRESSES };
        if (!sameItems(change.before, change.after)) changes.set(affected, change);
      }
      return changes;
    },
  };
}
