import * as fc from "fast-check";
import { LAB_NODE, LAB_OUTSIDE, LAB_PODS, labAddress } from "../oracle/lab.ts";
import type { OracleFlow, OracleParty, World } from "../oracle/objects.ts";
import { worldFlows } from "../worlds/flows.ts";
import { PORT_PROTOCOLS, vocabulary } from "../worlds/vocabulary.ts";

const FAMILIES = [4, 6] as const;
const PODS = LAB_PODS.map((pod): OracleParty => ({ pod }));

type Traffic = Pick<OracleFlow, "protocol" | "port" | "family">;

function trafficOf(protocols: readonly string[]): Traffic[] {
  const ports = (protocol: string) =>
    PORT_PROTOCOLS.includes(protocol)
      ? vocabulary("packets").portNumbers.map((port) => ({ protocol, port }))
      : [{ protocol }];
  return FAMILIES.flatMap((family) => protocols.flatMap(ports).map((traffic) => ({ ...traffic, family })));
}

/** Everybody to everybody but the node and the outside among themselves: those are not ours to judge. */
export function allFlows(world: World, protocols: readonly string[]): OracleFlow[] {
  const strangers = trafficOf(protocols).flatMap((traffic) => {
    const outside: OracleParty = { address: LAB_OUTSIDE[traffic.family] };
    return PODS.flatMap((pod) => [
      { from: pod, to: outside, ...traffic },
      { from: outside, to: pod, ...traffic },
    ]);
  });
  return [...worldFlows(world, { profile: "packets", protocols }), ...strangers];
}

/**
 * Pods that write a source themselves: another pod's, the node's, somebody's outside, or now and then their own, which
 * is no lie, so that packets made by hand are seen to arrive, too.
 */
export function forgedFlows(
  protocols: readonly string[],
  { seed, count }: { seed: number; count: number },
): OracleFlow[] {
  const other = LAB_PODS.length - 1;
  const choice = fc.record({
    from: fc.nat({ max: other }),
    // Never to itself: that never leaves the pod, whatever it claims.
    to: fc.nat({ max: other + 1 }),
    traffic: fc.constantFrom(...trafficOf(protocols)),
    claim: fc.nat({ max: other + 3 }),
  });
  return fc.sample(choice, { seed, numRuns: count }).map(({ from, to, traffic, claim }) => {
    const { family } = traffic;
    const sender = LAB_PODS[from] ?? "";
    const receivers: OracleParty[] = [
      ...PODS.filter((_, index) => index !== from),
      { node: LAB_NODE[family] },
      { address: LAB_OUTSIDE[family] },
    ];
    const own = labAddress(sender, family);
    const claims = [...LAB_PODS.map((pod) => labAddress(pod, family)), LAB_NODE[family], LAB_OUTSIDE[family]];
    const receiver = receivers[to] ?? { node: LAB_NODE[family] };
    return { from: { pod: sender }, to: receiver, ...traffic, claimedSource: claims[claim] ?? own };
  });
}
