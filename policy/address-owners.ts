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
  owned(id: EndpointId): readonly Address[];
  owner(address: Address): EndpointId | undefined;
}

const NO_ADDRESSES: readonly Address[] = [];
const NO_CHANGES: ReadonlyMap<EndpointId, OwnershipChange> = new Map();

/** Negative: `a` has the better claim. */
function compareClaims(a: Endpoint, b: Endpoint): number {
  if (a.deleting !== b.deleting) return a.deleting ? 1 : -1;
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  if (a.uid !== b.uid) return a.uid > b.uid ? -1 : 1;
  return a.id > b.id ? -1 : a.id < b.id ? 1 : 0;
}

export function sameItems<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a === b || (a.length === b.length && a.every((item, at) => item === b[at]));
}

function sameClaims(a: Endpoint, b: Endpoint): boolean {
  return (
    a.finished === b.finished &&
    a.deleting === b.deleting &&
    a.startedAt === b.startedAt &&
    a.uid === b.uid &&
    sameItems(a.addresses, b.addresses)
  );
}

function claimed(endpoint: Endpoint | undefined): readonly Address[] {
  return endpoint === undefined || endpoint.finished ? NO_ADDRESSES : endpoint.addresses;
}

export function createAddressOwners(): AddressOwners {
  /** Best claim first. */
  const claims = new Map<Address, readonly Endpoint[]>();
  const ownedBy = new Map<EndpointId, readonly Address[]>();

  const owner = (address: Address): EndpointId | undefined => claims.get(address)?.[0]?.id;

  function settle(id: EndpointId, endpoint: Endpoint | undefined): OwnershipChange | undefined {
    const before = ownedBy.get(id) ?? NO_ADDRESSES;
    const all = claimed(endpoint);
    const after = all.every((address) => owner(address) === id)
      ? all
      : all.filter((address) => owner(address) === id);
    if (after.length > 0) ownedBy.set(id, after);
    else ownedBy.delete(id);
    return sameItems(before, after) ? undefined : { before, after };
  }

  return {
    owner,
    owned: (id) => ownedBy.get(id) ?? NO_ADDRESSES,
    change(before, after) {
      const id = (after ?? before)?.id;
      if (id === undefined) return NO_CHANGES;
      if (before !== undefined && after !== undefined && sameClaims(before, after)) return NO_CHANGES;
      const wanted = claimed(after);
      const affected = new Map<EndpointId, Endpoint | undefined>();
      for (const address of new Set([...claimed(before), ...wanted])) {
        const others = (claims.get(address) ?? []).filter((claim) => claim.id !== id);
        const [rival] = others;
        if (rival !== undefined) affected.set(rival.id, rival);
        const now =
          after !== undefined && wanted.includes(address)
            ? [...others, after].toSorted(compareClaims)
            : others;
        if (now.length > 0) claims.set(address, now);
        else claims.delete(address);
      }
      affected.set(id, after);
      const changes = new Map<EndpointId, OwnershipChange>();
      for (const [affectedId, endpoint] of affected) {
        const change = settle(affectedId, endpoint);
        if (change !== undefined) changes.set(affectedId, change);
      }
      return changes;
    },
  };
}
