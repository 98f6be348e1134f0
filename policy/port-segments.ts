import type { Protocol } from "../model/protocol.ts";

/** Somebody asks for a run of ports, both ends included. */
export interface PortClaim<Claimant> {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  readonly claimant: Claimant;
}

/** A run of ports that is the same to every claim: each covers it whole or not at all. */
export interface SharedPorts<Claimant> {
  readonly protocol: Protocol;
  readonly first: number;
  readonly last: number;
  /** Never empty; the order says nothing. */
  readonly claimants: ReadonlySet<Claimant>;
}

function cutProtocol<Claimant>(
  protocol: Protocol,
  claims: readonly PortClaim<Claimant>[],
): SharedPorts<Claimant>[] {
  const opening = claims.toSorted((a, b) => a.first - b.first);
  const cuts = [...new Set(claims.flatMap(({ first, last }) => [first, last + 1]))].toSorted((a, b) => a - b);
  const segments: SharedPorts<Claimant>[] = [];
  let open: PortClaim<Claimant>[] = [];
  let next = 0;
  for (const [at, first] of cuts.entries()) {
    open = open.filter((claim) => claim.last >= first);
    for (let claim = opening[next]; claim !== undefined && claim.first === first; claim = opening[++next]) {
      open.push(claim);
    }
    const end = cuts[at + 1];
    if (open.length === 0 || end === undefined) continue;
    const claimants = new Set(open.map(({ claimant }) => claimant));
    segments.push({ protocol, first, last: end - 1, claimants });
  }
  return segments;
}

/** Cuts what is asked for into disjoint runs, sorted by protocol and port. Ports that nobody asks for are left out. */
export function cutPorts<Claimant>(claims: readonly PortClaim<Claimant>[]): SharedPorts<Claimant>[] {
  const byProtocol = Map.groupBy(
    claims.filter(({ first, last }) => first <= last),
    ({ protocol }) => protocol,
  );
  return [...byProtocol]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([protocol, ofProtocol]) => cutProtocol(protocol, ofProtocol));
}
