import type { Address } from "../model/address.ts";
import { cidrContains } from "../model/cidr.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Direction, Peer, Policy, PortMatch, Rule } from "../model/policy.ts";
import { hasPorts } from "../model/protocol.ts";
import { type EndpointSelector, selectorMatches } from "../model/selector.ts";
import { unreachable } from "../model/unreachable.ts";
import type { ClusterState } from "../model/update.ts";
import type { AddressOwners } from "./address-owners.ts";
import type { Packet } from "./judge.ts";
import { namespaceMatches } from "./namespace-scopes.ts";

/** Who decides about a packet, read from the policies one by one: what the merged ruleset cannot tell any more. */
export interface Attribution {
  /** The policies that isolate the endpoint in that direction, sorted by id. */
  readonly isolating: readonly Policy[];
  /** The first of their rules that allows the packet. */
  readonly allowedBy: { readonly policy: Policy; readonly rule: Rule } | undefined;
}

export interface AttributionContext {
  readonly state: ClusterState;
  readonly owners: AddressOwners;
}

function selects(state: ClusterState, selector: EndpointSelector, endpoint: Endpoint): boolean {
  return (
    namespaceMatches(selector.namespaces, endpoint.namespace, state.namespaces) &&
    selectorMatches(selector.endpoints, endpoint.labels)
  );
}

function isPeer(state: ClusterState, peer: Peer, remote: Address, owner: Endpoint | undefined): boolean {
  switch (peer.kind) {
    case "endpoints":
      return owner !== undefined && selects(state, peer.selector, owner);
    case "block":
      return (
        peer.nets.some((net) => cidrContains(net, remote)) &&
        !peer.notNets.some((net) => cidrContains(net, remote))
      );
    default:
      return unreachable(peer);
  }
}

function isPort(match: PortMatch, packet: Packet, receiver: Endpoint | undefined): boolean {
  const { protocol, port } = packet;
  if (match.protocol !== protocol) return false;
  switch (match.kind) {
    case "range":
      if (!hasPorts(protocol)) return match.first === 0 && match.last === 65535;
      return port !== undefined && match.first <= port && port <= match.last;
    case "named":
      return (
        receiver?.ports.some(
          (named) => named.name === match.name && named.protocol === protocol && named.port === port,
        ) ?? false
      );
    default:
      return unreachable(match);
  }
}

/** Asks every policy, rule by rule. `direction` is seen from `endpoint`; the packet's remote is the other end. */
export function attribute(
  { state, owners }: AttributionContext,
  { endpoint, direction, packet }: { endpoint: Endpoint; direction: Direction; packet: Packet },
): Attribution {
  const { remote } = packet;
  const ownerId = remote === undefined ? undefined : owners.owner(remote);
  const owner = ownerId === undefined ? undefined : state.endpoints.get(ownerId);
  const receiver = direction === "ingress" ? endpoint : owner;
  const allows = ({ peers, ports }: Rule) =>
    (peers === "everyone" ||
      (remote !== undefined && peers.some((peer) => isPeer(state, peer, remote, owner)))) &&
    (ports === "everything" || ports.some((match) => isPort(match, packet, receiver)));
  const isolating = [...state.policies.values()]
    .filter(
      ({ directions, subjects }) => directions.includes(direction) && selects(state, subjects, endpoint),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (const policy of isolating) {
    const rule = policy[direction].find(allows);
    if (rule !== undefined) return { isolating, allowedBy: { policy, rule } };
  }
  return { isolating, allowedBy: undefined };
}
