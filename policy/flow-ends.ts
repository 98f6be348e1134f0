import { type Address, addressFamily, type Family } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { AttributionContext } from "./attribution.ts";
import { ExplainError, type Flow, type Party, partyText } from "./flow.ts";

/** A party with what the state knows of it. */
export type FlowEnd =
  | {
      readonly kind: "endpoint";
      readonly endpoint: Endpoint;
      /** Addresses that it may use in this flow. */
      readonly owned: readonly Address[];
      readonly claimed: readonly Address[];
    }
  | { readonly kind: "address"; readonly address: Address }
  | { readonly kind: "node"; readonly address: Address | undefined };

/** Throws ExplainError for an endpoint that is not in the state. */
export function resolveEnd({ state, owners }: AttributionContext, party: Party): FlowEnd {
  if (party.kind === "node") return { kind: "node", address: party.address };
  const address = party.kind === "address" ? party.address : undefined;
  const id = party.kind === "endpoint" ? party.id : owners.owner(party.address);
  const endpoint = id === undefined ? undefined : state.endpoints.get(id);
  if (endpoint === undefined && address !== undefined) return { kind: "address", address };
  if (endpoint === undefined) {
    throw new ExplainError("unknownEndpoint", {
      tried: `look up ${partyText(party)}`,
      found: `none of the ${state.endpoints.size} known endpoints has that name`,
      next: "name it as NAMESPACE/POD (pods on the host's network are none), or give an address",
    });
  }
  const only = (all: readonly Address[]) => (address === undefined ? all : [address]);
  return {
    kind: "endpoint",
    endpoint,
    owned: only(owners.owned(endpoint)),
    claimed: only(endpoint.addresses),
  };
}

function families(end: FlowEnd, addresses: "owned" | "claimed"): readonly Family[] {
  if (end.kind === "endpoint") return [...new Set(end[addresses].map(addressFamily))];
  return end.address === undefined ? [4, 6] : [addressFamily(end.address)];
}

/** The family that the flow uses. Throws ExplainError if the ends have none in common. */
export function commonFamily(flow: Flow, from: FlowEnd, to: FlowEnd): Family {
  for (const addresses of ["owned", "claimed"] as const) {
    const source =
      flow.claimedSource === undefined ? families(from, addresses) : [addressFamily(flow.claimedSource)];
    const there = families(to, addresses);
    const common = source.filter(
      (family) => there.includes(family) && (flow.family === undefined || flow.family === family),
    );
    if (common[0] !== undefined) return common[0];
  }
  throw new ExplainError("noCommonFamily", {
    tried: `find addresses for a flow from ${partyText(flow.from)} to ${partyText(flow.to)}`,
    found: `no ${flow.family === undefined ? "family" : `IPv${flow.family} addresses`} on both ends`,
    next: "name ends that have addresses of one family",
  });
}

export function addressOf(end: FlowEnd, family: Family): Address | undefined {
  if (end.kind === "endpoint") return end.owned.find((address) => addressFamily(address) === family);
  return end.address !== undefined && addressFamily(end.address) === family ? end.address : undefined;
}

/** Why no packet passes the endpoint's interface; undefined: it is open. */
export function closedBecause(
  { owners }: AttributionContext,
  end: FlowEnd,
  family: Family | undefined,
): string | undefined {
  if (end.kind !== "endpoint") return undefined;
  const { id, finished } = end.endpoint;
  if (finished) return `${id} is finished: its interface stays closed`;
  if (end.claimed.length === 0) return `${id} has no address yet: its interface stays closed`;
  const inFamily = (address: Address) => family === undefined || addressFamily(address) === family;
  if (end.owned.some(inFamily)) return undefined;
  const lost = end.claimed
    .filter(inFamily)
    .map((address) => `${address} belongs to ${owners.owner(address) ?? "nobody"}`);
  return `${id} lost its address: ${lost.join(", ")}`;
}
