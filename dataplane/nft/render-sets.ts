import { type Address, addressFamily, type Family, formatAddress } from "../../model/address.ts";
import type { AddressRange } from "../../model/cidr.ts";
import type { AddressSet, AddressSetId, Service, ServiceSetId } from "../../model/ruleset.ts";
import type { Expression } from "./batch.ts";
import type { KernelElement, KernelSet } from "./kernel-objects.ts";
import type { Names } from "./names.ts";
import { addressType } from "./render-frame-sets.ts";

/** Which kernel sets an address set is: fixed by its id, like its ranges. */
export interface SetShape {
  readonly title: string;
  readonly endpoints: boolean;
  readonly ranges4: boolean;
  readonly ranges6: boolean;
}

const FAMILIES: readonly Family[] = [4, 6];

export function shapeOf({ title, hasEndpoints, ranges }: AddressSet): SetShape {
  return {
    title,
    endpoints: hasEndpoints,
    ranges4: ranges.some(({ family }) => family === 4),
    ranges6: ranges.some(({ family }) => family === 6),
  };
}

/** The kernel's sets for an address set: those of endpoints are hashes, those of blocks are intervals. */
export function addressKernelSets(names: Names, id: AddressSetId, shape: SetShape): KernelSet[] {
  const sets: KernelSet[] = [];
  for (const family of FAMILIES) {
    if (!shape.endpoints) continue;
    sets.push({ name: names.endpoints(id, family), type: addressType(family), interval: false, map: false });
  }
  for (const family of FAMILIES) {
    if (!(family === 4 ? shape.ranges4 : shape.ranges6)) continue;
    sets.push({ name: names.ranges(id, family), type: addressType(family), interval: true, map: false });
  }
  return sets;
}

export function addressElement(names: Names, id: AddressSetId, address: Address): KernelElement {
  return { set: names.endpoints(id, addressFamily(address)), key: address };
}

/** A prefix where the range is one, else both ends: how people know it, and what nft prints again. */
export function rangeExpression({ family, first, last }: AddressRange): Expression {
  const start = formatAddress({ family, value: first });
  const size = last - first + 1n;
  const hostBits = size.toString(2).length - 1;
  if (size === 1n) return start;
  if (size === 1n << BigInt(hostBits) && first % size === 0n) {
    return { prefix: { addr: start, len: (family === 4 ? 32 : 128) - hostBits } };
  }
  return { range: [start, formatAddress({ family, value: last })] };
}

export function rangeElement(names: Names, id: AddressSetId, range: AddressRange): KernelElement {
  return { set: names.ranges(id, range.family), key: rangeExpression(range) };
}

export function serviceKernelSets(names: Names, id: ServiceSetId): KernelSet[] {
  return FAMILIES.map((family) => ({
    name: names.services(id, family),
    type: [addressType(family), "inet_proto", "inet_service"],
    interval: false,
    map: false,
  }));
}

export function serviceElement(names: Names, id: ServiceSetId, service: Service): KernelElement {
  const [address = "", protocol, port] = service.split(" ");
  return {
    set: names.services(id, addressFamily(address as Address)),
    key: { concat: [address, Number(protocol), Number(port)] },
  };
}
