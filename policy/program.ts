import type { NamedPort } from "../model/endpoint.ts";
import type { Direction, Peer, PortMatch, Rule } from "../model/policy.ts";
import type { Protocol } from "../model/protocol.ts";
import type { PeersByKey } from "./address-sets.ts";
import { peerKey } from "./peer-text.ts";
import { cutPorts, type PortClaim } from "./port-segments.ts";
import { type DestinationsByKey, destinationKey, type NamedDestination } from "./service-sets.ts";

/** `everyone`, or any one of them: none is nobody. */
export type PeerUnion = "everyone" | PeersByKey;

export interface MergedSegment {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  /** Never empty; peers of `anyPort` are not repeated. */
  readonly peers: PeerUnion;
}

/** Allow rules of one direction, merged by port. */
export interface MergedRules {
  readonly anyPort: PeerUnion;
  /** Sorted by protocol and port, disjoint, neighbours differ. */
  readonly segments: readonly MergedSegment[];
  /** Egress only: ports by their name on the destination. */
  readonly destinations: DestinationsByKey;
}

export interface MergeOptions {
  readonly direction: Direction;
  /** The endpoint's own named ports: what names in ingress rules mean. */
  readonly ports: readonly NamedPort[];
}

function unitePeers(rules: Iterable<Rule>, except: PeersByKey): PeerUnion {
  const united = new Map<string, Peer>();
  for (const { peers } of rules) {
    if (peers === "everyone") return "everyone";
    for (const peer of peers) {
      const key = peerKey(peer);
      if (!except.has(key)) united.set(key, peer);
    }
  }
  return united;
}

function samePeers(a: PeerUnion, b: PeerUnion): boolean {
  if (a === "everyone" || b === "everyone") return a === b;
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

function isNobody(peers: PeerUnion): boolean {
  return peers !== "everyone" && peers.size === 0;
}

function claimsOf(rule: Rule, match: PortMatch, options: MergeOptions): PortClaim<Rule>[] {
  if (match.kind === "range") {
    const { protocol, first, last } = match;
    return [{ protocol, first, last, claimant: rule }];
  }
  if (options.direction === "egress") return [];
  return options.ports
    .filter(({ name, protocol }) => name === match.name && protocol === match.protocol)
    .map(({ protocol, port }) => ({ protocol, first: port, last: port, claimant: rule }));
}

function mergeNeighbours(segments: readonly MergedSegment[]): MergedSegment[] {
  const merged: MergedSegment[] = [];
  for (const segment of segments) {
    const last = merged.at(-1);
    const touches = last?.protocol === segment.protocol && last.last + 1 === segment.first;
    if (last !== undefined && touches && samePeers(last.peers, segment.peers)) {
      merged[merged.length - 1] = { ...last, last: segment.last };
    } else {
      merged.push(segment);
    }
  }
  return merged;
}

function namedDestinations(rules: readonly Rule[], except: PeersByKey): DestinationsByKey {
  const found = new Map<string, NamedDestination>();
  const add = (destination: NamedDestination) => found.set(destinationKey(destination), destination);
  for (const { peers, ports } of rules) {
    for (const match of ports === "everything" ? [] : ports) {
      if (match.kind !== "named") continue;
      const { protocol, name } = match;
      if (peers === "everyone") add({ protocol, name, peer: "everyone" });
      else for (const peer of peers) if (!except.has(peerKey(peer))) add({ protocol, name, peer });
    }
  }
  for (const [key, { protocol, name, peer }] of found) {
    const covered = found.has(destinationKey({ protocol, name, peer: "everyone" }));
    if (peer !== "everyone" && covered) found.delete(key);
  }
  return found;
}

/** Allow rules commute, so a packet needs one look at its port instead of one at every rule. */
export function mergeRules(rules: readonly Rule[], options: MergeOptions): MergedRules {
  const anyPort = unitePeers(
    rules.filter(({ ports }) => ports === "everything"),
    new Map(),
  );
  if (anyPort === "everyone") return { anyPort, segments: [], destinations: new Map() };
  const claims = rules.flatMap((rule) =>
    rule.ports === "everything" ? [] : rule.ports.flatMap((match) => claimsOf(rule, match, options)),
  );
  const segments = cutPorts(claims)
    .map(({ protocol, first, last, claimants }) => ({
      protocol,
      first,
      last,
      peers: unitePeers(claimants, anyPort),
    }))
    .filter(({ peers }) => !isNobody(peers));
  const destinations =
    options.direction === "egress" ? namedDestinations(rules, anyPort) : new Map<string, NamedDestination>();
  return { anyPort, segments: mergeNeighbours(segments), destinations };
}
