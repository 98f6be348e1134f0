import type { Address } from "./address.ts";
import type { AddressRange } from "./cidr.ts";
import type { Attachment, EndpointId } from "./endpoint.ts";
import type { Named } from "./named.ts";
import type { Direction } from "./policy.ts";
import type { Protocol } from "./protocol.ts";

/** Made of the peers that fill the set: equal lists of peers share one set. */
export type AddressSetId = Named<"AddressSetId">;
/** Made of the named ports and peers that fill the set. */
export type ServiceSetId = Named<"ServiceSetId">;
/** Made of the policies that a program stands for: endpoints with the same policies share it. */
export type ProgramId = Named<"ProgramId">;
/** `ADDRESS PROTOCOL PORT`, one space between: one named port of one endpoint. */
export type Service = Named<"Service">;

/** Addresses of endpoints, which come and go, beside blocks, which an id fixes for good. */
export interface AddressSet {
  readonly id: AddressSetId;
  /** The peers in words. */
  readonly title: string;
  readonly addresses: ReadonlySet<Address>;
  /** Whether addresses of endpoints can ever enter: false saves an empty set in the kernel. */
  readonly hasEndpoints: boolean;
  /** Sorted, neither overlapping nor touching. */
  readonly ranges: readonly AddressRange[];
}

/** Who listens where: the named ports of an egress rule, resolved for each endpoint. */
export interface ServiceSet {
  readonly id: ServiceSetId;
  readonly title: string;
  readonly services: ReadonlySet<Service>;
}

export type Peers = { readonly kind: "everyone" } | { readonly kind: "set"; readonly set: AddressSetId };

/** One run of ports with one answer. */
export interface PortSegment {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  readonly peers: Peers;
}

/** Rules of equal action: they commute, so they are merged by port. */
export interface Stage {
  readonly verdict: "accept";
  /** Peers that match whatever the protocol and port. */
  readonly anyPort: Peers | undefined;
  /** Sorted by protocol and port, never overlapping. */
  readonly segments: readonly PortSegment[];
  /** Destinations by named port; egress only. */
  readonly services: ServiceSetId | undefined;
}

/** What one direction of an endpoint's traffic is judged by. First stage that matches decides, else drop. */
export interface Program {
  readonly id: ProgramId;
  readonly direction: Direction;
  /** The policies in words. */
  readonly title: string;
  readonly stages: readonly Stage[];
}

/** One endpoint of this node. */
export interface EndpointRules {
  readonly id: EndpointId;
  readonly attachment: Attachment;
  /** The addresses that are its own: a source other than these is forged. */
  readonly addresses: readonly Address[];
  /** `allow`: no policy isolates this direction. */
  readonly ingress: ProgramId | "allow";
  readonly egress: ProgramId | "allow";
}

/** Whose packets leave this node with the node's own address. Both lists disjoint and sorted; empty: nobody's. */
export interface Masquerade {
  readonly from: readonly AddressRange[];
  /** What is sent there keeps its source. It holds all of `from`. */
  readonly except: readonly AddressRange[];
}

/** The whole wish for one node. */
export interface Ruleset {
  readonly addressSets: ReadonlyMap<AddressSetId, AddressSet>;
  readonly serviceSets: ReadonlyMap<ServiceSetId, ServiceSet>;
  readonly programs: ReadonlyMap<ProgramId, Program>;
  readonly endpoints: ReadonlyMap<EndpointId, EndpointRules>;
  /**
   * Where this node's endpoints have their addresses from, without those that endpoints elsewhere own: what nobody owns there is
   * closed. Disjoint, sorted.
   */
  readonly podRanges: readonly AddressRange[];
  readonly masquerade: Masquerade;
}

/**
 * Where two readings of the wish may differ. It narrows where a driver looks and never says what it finds:
 * naming too much is slow, naming too little is a bug.
 */
export interface Touched {
  /** `whole`: the set came or went, perhaps both, so that any member may differ; else the members that may have come or gone. */
  readonly addressSets: ReadonlyMap<AddressSetId, ReadonlySet<Address> | "whole">;
  readonly serviceSets: ReadonlyMap<ServiceSetId, ReadonlySet<Service> | "whole">;
  readonly programs: ReadonlySet<ProgramId>;
  readonly endpoints: ReadonlySet<EndpointId>;
}

export function service(address: Address, protocol: Protocol, port: number): Service {
  return `${address} ${protocol} ${port}` as Service;
}
