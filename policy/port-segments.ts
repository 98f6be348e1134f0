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

function* cutProtocol<Claimant>(
  protocol: Protocol,
  claims: readonly PortClaim<Claimant>[],
): Generator<SharedPorts<Claimant>> {
  const opening = claims.toSorted((a, b) => a.first - b.first);
  const ends = new Set<number>();
  for (const { first, last } of claims) ends.add(first).add(last + 1);
  const cuts = [...ends].toSorted((a, b) => a - b);
  let open: PortClaim<Claimant>[] = [];
  let next = 0;
  for (const [at, first] of cuts.entries()) {
    open = open.filter((claim) => claim.last >= first);
    for (let claim = opening[next]; claim !== undefined && claim.first === first; claim = opening[++next]) {
      open.push(claim);
    }
    const end = cuts[at + 1];
    if (open.length === 0 || end === undefined) continue;
    const claimants = new Set<Claimant>();
    for (const { claimant } of open) claimants.add(claimant);
    yield { protocol, first, last: end - 1, claimants };
  }
}

/**
 * Cuts what is asked for into disjoint runs, sorted by protocol and port. Ports that nobody asks for are left out. Runs come one by
 * one: of many that overlap much, all claimants of all runs are more than anybody wants to hold.
 */
export function* cutPorts<Claimant>(
  claims: readonly PortClaim<Claimant>[],
): Generator<SharedPorts<Claimant>> {
  const byProtocol = Map.groupBy(
    claims.filter(({ first, last }) => first <= last),
    ({ protocol }) => protocol,
  );
  const protocols = [...byProtocol].toSorted(([a], [b]) => a - b);
  for (const [protocol, ofProtocol] of protocols) yield* cutProtocol(protocol, ofProtocol);
}
