import type { Cidr } from "./cidr.ts";
import type { Named } from "./named.ts";
import type { Protocol } from "./protocol.ts";
import type { EndpointSelector } from "./selector.ts";

/** `KIND/NAMESPACE/NAME`, for example `NetworkPolicy/default/deny-all`. */
export type PolicyId = Named<"PolicyId">;

export type Direction = "ingress" | "egress";

/** Deny, Log and Pass come with ordered policies; NetworkPolicy only allows. */
export type Action = "allow";

/** Who may be at the other end; several constraints of one peer must all hold. */
export type Peer =
  | { readonly kind: "endpoints"; readonly selector: EndpointSelector }
  /** Addresses inside one of `nets` and outside every one of `notNets`. */
  | { readonly kind: "block"; readonly nets: readonly Cidr[]; readonly notNets: readonly Cidr[] };

/** What the packet must be addressed to. */
export type PortMatch =
  /** Both ends included; 0 to 65535 means the protocol as a whole. */
  | { readonly kind: "range"; readonly protocol: Protocol; readonly first: number; readonly last: number }
  /** The ports of that name and protocol on whichever endpoint receives the packet. */
  | { readonly kind: "named"; readonly protocol: Protocol; readonly name: string };

export interface Rule {
  readonly action: Action;
  /** `everyone`, or any one of the list: an empty list is nobody (CVE-2025-64715). */
  readonly peers: "everyone" | readonly Peer[];
  /** `everything` is every IP protocol, ICMP included; else any one of the list: an empty list is nothing. */
  readonly ports: "everything" | readonly PortMatch[];
  /** Where the rule stands in its source, for example `ingress[0]`: what `explain` shows. */
  readonly source: string;
}

export interface Policy {
  readonly id: PolicyId;
  /** What people call it, for example `x/allow-web`. */
  readonly title: string;
  /** Policies are judged tier by tier; NetworkPolicy lives in `default`. */
  readonly tier: string;
  /** Lower is judged first inside the tier; equal orders by id. NetworkPolicy: 1000. */
  readonly order: number;
  /** Whom it isolates. */
  readonly subjects: EndpointSelector;
  /** The directions that it isolates; rules of the other are kept out at the edge. */
  readonly directions: readonly Direction[];
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}

export function policyId(kind: string, namespace: string, name: string): PolicyId {
  return `${kind}/${namespace}/${name}` as PolicyId;
}
