import type { Address } from "../model/address.ts";
import { type AddressRange, cidrRange, mergeRanges, subtractRanges } from "../model/cidr.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Peer } from "../model/policy.ts";
import type { AddressSet, AddressSetId, Touched } from "../model/ruleset.ts";
import { createSetLog } from "./change-log.ts";
import { createEndpointSet, type EndpointSet, fillSet, type Members } from "./endpoint-set.ts";
import { inWords, peerText } from "./peer-text.ts";
import { createSharedSets, type SharedSet, type SharedSets } from "./shared-sets.ts";

/** Different peers by their keys. */
export type PeersByKey = ReadonlyMap<string, Peer>;

export interface AddressSets extends SharedSets<PeersByKey, AddressSetId> {
  /** Live. */
  readonly sets: ReadonlyMap<AddressSetId, AddressSet>;
  takeTouched(): Touched["addressSets"];
}

const NO_ADDRESSES: readonly Address[] = [];

const ids = new WeakMap<PeersByKey, AddressSetId>();

/** Equal lists of peers get equal ids, whatever their order. */
function addressSetId(peers: PeersByKey): AddressSetId {
  const known = ids.get(peers);
  if (known !== undefined) return known;
  const id = fingerprint(JSON.stringify([...peers.keys()].toSorted())) as AddressSetId;
  ids.set(peers, id);
  return id;
}

/** The addresses of all blocks among the peers; a block's exceptions take nothing from another block. */
export function blockRanges(peers: Iterable<Peer>): AddressRange[] {
  const ranges: AddressRange[] = [];
  for (const peer of peers) {
    if (peer.kind !== "block") continue;
    ranges.push(...subtractRanges(peer.nets.map(cidrRange), peer.notNets.map(cidrRange)));
  }
  return mergeRanges(ranges);
}

export function createAddressSets(members: Members): AddressSets {
  const { index } = members;
  const sets = new Map<AddressSetId, AddressSet>();
  const log = createSetLog<AddressSetId, Address>();

  function make(id: AddressSetId, peers: PeersByKey): SharedSet {
    const sorted = [...peers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer);
    const selected = sorted.filter((peer) => peer.kind === "endpoints");
    const addresses = new Set<Address>();
    const set: EndpointSet = createEndpointSet<Address>({
      elements: addresses,
      contribution: (member) => (active.isDisjointFrom(member.matched) ? NO_ADDRESSES : member.addresses),
      changed: (address) => log.changed(id, address),
    });
    const active = new Set(selected.map(({ selector }) => index.acquire(selector, set)));
    sets.set(id, {
      id,
      title: inWords(sorted, peerText, " or "),
      addresses,
      hasEndpoints: selected.length > 0,
      ranges: blockRanges(sorted),
    });
    log.came(id);
    return {
      fill: () => fillSet(set, active, members),
      *drop() {
        log.went(id);
        sets.delete(id);
        for (const selector of active) yield* index.release(selector, set);
      },
    };
  }

  return {
    ...createSharedSets({ idOf: addressSetId, make }),
    sets,
    takeTouched: () => log.take((id) => sets.has(id)),
  };
}
