import type { Address, Family } from "../model/address.ts";
import type { EndpointId } from "../model/endpoint.ts";
import { hasPorts, type Protocol, protocolName } from "../model/protocol.ts";

/** One end of a flow. */
export type Party =
  | { readonly kind: "endpoint"; readonly id: EndpointId }
  /** Read as the endpoint that owns the address, if there is one. */
  | { readonly kind: "address"; readonly address: Address }
  /** The other party's own node; its address, if known, is what blocks of egress rules are compared with. */
  | { readonly kind: "node"; readonly address?: Address };

/** The first packet of a new flow. */
export interface Flow {
  readonly from: Party;
  readonly to: Party;
  readonly protocol: Protocol;
  /** Where it goes; undefined for protocols without ports. */
  readonly port: number | undefined;
  /** Default: one that both ends have, the source's first if they have both. */
  readonly family?: Family;
  /** The source address that the packet bears, if it is not the sender's own. */
  readonly claimedSource?: Address;
  /** Sent to a Service that leads here. It matters where it leads back to the sender: that flow leaves it, and is judged. */
  readonly throughService?: boolean;
}

export interface ExplanationStep {
  /**
   * Self traffic; the check of the source address; the source's egress; the destination's ingress; the way out of the
   * node, where the source is masqueraded.
   */
  readonly at: "loopback" | "gate" | "egress" | "ingress" | "leaving";
  readonly verdict: "allow" | "deny";
  readonly because: string;
  /** Titles of the policies that isolate here. */
  readonly policies: readonly string[];
  /** The rule that allows. */
  readonly rule?: { readonly policy: string; readonly source: string };
}

export interface Explanation {
  readonly verdict: "allowed" | "denied";
  /** In the order in which the packet meets them. Behind a closed gate nothing is judged. */
  readonly steps: readonly ExplanationStep[];
}

export type ExplainErrorKind = "unknownEndpoint" | "noCommonFamily" | "portMissing" | "disagreement";

export class ExplainError extends Error {
  override readonly name = "ExplainError";
  readonly kind: ExplainErrorKind;
  readonly tried: string;
  readonly found: string;
  readonly next: string;

  constructor(kind: ExplainErrorKind, text: { tried: string; found: string; next: string }) {
    super(`${text.tried}: ${text.found}; ${text.next}`);
    this.kind = kind;
    this.tried = text.tried;
    this.found = text.found;
    this.next = text.next;
  }
}

/** For example `TCP port 80` or `ICMP`. */
export function trafficText({ protocol, port }: Pick<Flow, "protocol" | "port">): string {
  const name = protocolName(protocol);
  return hasPorts(protocol) ? `${name} port ${port}` : name;
}

export function partyText(party: Party): string {
  if (party.kind === "endpoint") return party.id;
  if (party.kind === "address") return party.address;
  return party.address === undefined ? "its node" : `its node (${party.address})`;
}
