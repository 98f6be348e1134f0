import type { Address } from "../../model/address.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { AddressSetId, ProgramId, Service, ServiceSetId } from "../../model/ruleset.ts";
import type { KernelElement, KernelElements, Rendering } from "./kernel-objects.ts";
import { type Names, namesOfEpoch, type Side } from "./names.ts";
import type { MasqueradeRendering } from "./render-masquerade.ts";
import type { ProgramRendering } from "./render-program.ts";
import type { SetShape } from "./render-sets.ts";

export interface AppliedAddressSet {
  readonly shape: SetShape;
  readonly addresses: Set<Address>;
}

export interface AppliedPeers {
  readonly set: AddressSetId;
  readonly side: Side;
  /** Programs whose port maps jump to it. */
  readonly users: number;
}

/** The interface that an endpoint shares with others; empty while nobody knows it. */
export type SharedInterface = InterfaceName | "";

/** `text`: what of the wish it was made of. */
export interface FrameRendering extends Rendering {
  readonly text: string;
}

/** What the kernel holds in one epoch, as far as our own transactions put it there. */
export interface Memory {
  readonly names: Names;
  readonly mirrored: boolean;
  readonly addressSets: Map<AddressSetId, AppliedAddressSet>;
  readonly serviceSets: Map<ServiceSetId, Set<Service>>;
  /** One rendering, and during the grace a second one that judges replies. */
  readonly programs: Map<ProgramId, readonly ProgramRendering[]>;
  /** By the name of the chain. */
  readonly peers: Map<string, AppliedPeers>;
  readonly endpoints: Map<EndpointId, KernelElements>;
  /** Every element of every endpoint by its text, and whose it is: an address moves without a gap. */
  readonly dispatch: Map<string, { readonly element: KernelElement; readonly owner: EndpointId }>;
  /** Endpoints that only their addresses tell. */
  readonly shared: Map<EndpointId, SharedInterface>;
  /** How many of them share it. */
  readonly sharing: Map<SharedInterface, number>;
  readonly frame: Map<"frame", FrameRendering>;
  /** Its base chain stays when it is empty: see `planRendering`. */
  readonly masquerade: Map<"masquerade", MasqueradeRendering>;
}

export function emptyMemory(epoch: number, options: { readonly mirrored: boolean }): Memory {
  return {
    names: namesOfEpoch(epoch),
    mirrored: options.mirrored,
    addressSets: new Map(),
    serviceSets: new Map(),
    programs: new Map(),
    peers: new Map(),
    endpoints: new Map(),
    dispatch: new Map(),
    shared: new Map(),
    sharing: new Map(),
    frame: new Map(),
    masquerade: new Map(),
  };
}

/** How to undo what was noted ahead of a transaction that may fail; undefined: nobody will ask. */
export type Journal = (() => void)[] | undefined;

/** Undefined as the value removes the key. */
export function note<Key, Value>(
  journal: Journal,
  map: Map<Key, Value>,
  entry: readonly [Key, Value | undefined],
): void {
  const [key, value] = entry;
  const before = map.get(key);
  const put = (one: Value | undefined) => {
    if (one === undefined) map.delete(key);
    else map.set(key, one);
  };
  journal?.push(() => put(before));
  put(value);
}

export function noteMember<Member>(
  journal: Journal,
  set: Set<Member>,
  entry: readonly [Member, boolean],
): void {
  const [member, present] = entry;
  const before = set.has(member);
  const put = (is: boolean) => {
    if (is) set.add(member);
    else set.delete(member);
  };
  journal?.push(() => put(before));
  put(present);
}

/** Leaves memory as it was when the journal began. */
export function rollBack(journal: (() => void)[]): void {
  for (const undo of journal.toReversed()) undo();
  journal.length = 0;
}
