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
  /** Sorted by protocol and port, disjoint, neighbours differ. They come one by one, and once. */
  readonly segments: Iterable<MergedSegment>;
  /** Egress only: ports by their name on the destination. */
  readonly destinations: DestinationsByKey;
}

export interface MergeOptions {
  readonly direction: Direction;
  /** The endpoint's own named ports: what names in ingress rules mean. */
  readonly ports: readonly NamedPort[];
}

const unions = new WeakMap<readonly Peer[], PeersByKey>();

/** Always the same for one list, which most rules are alone with on their ports. */
function unionOf(peers: readonly Peer[]): PeersByKey {
  const known = unions.get(peers);
  if (known !== undefined) return known;
  const made = new Map(peers.map((peer) => [peerKey(peer), peer]));
  unions.set(peers, made);
  return made;
}

function unitePeers(rules: ReadonlySet<Rule>, except: PeersByKey): PeerUnion {
  if (rules.size === 1 && except.size === 0) {
    const [only] = rules;
    if (only !== undefined) return only.peers === "everyone" ? "everyone" : unionOf(only.peers);
  }
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
  if (a === "everyone" || b === "everyone" || a === b) return a === b;
  if (a.size !== b.size) return false;
  for (const key of a.keys()) if (!b.has(key)) return false;
  return true;
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

function* mergeSegments(claims: readonly PortClaim<Rule>[], anyPort: PeersByKey): Generator<MergedSegment> {
  let last: MergedSegment | undefined;
  for (const { protocol, first, last: end, claimants } of cutPorts(claims)) {
    const peers = unitePeers(claimants, anyPort);
    if (isNobody(peers)) continue;
    const touches = last?.protocol === protocol && last.last + 1 === first;
    if (last !== undefined && touches && samePeers(last.peers, peers)) {
      last = { ...last, last: end };
    } else {
      if (last !== undefined) yield last;
      last = { protocol, first, last: end, peers };
    }
  }
  if (last !== undefined) yield last;
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
  const anyPort = unitePeers(new Set(rules.filter(({ ports }) => ports === "everything")), new Map());
  if (anyPort === "everyone") return { anyPort, segments: [], destinations: new Map() };
  const claims: PortClaim<Rule>[] = [];
  for (const rule of rules) {
    for (const match of rule.ports === "everything" ? [] : rule.ports) {
      for (const claim of claimsOf(rule, match, options)) claims.push(claim);
    }
  }
  const destinations =
    options.direction === "egress" ? namedDestinations(rules, anyPort) : new Map<string, NamedDestination>();
  return { anyPort, segments: mergeSegments(claims, anyPort), destinations };
}
