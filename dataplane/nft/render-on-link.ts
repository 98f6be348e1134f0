import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Expression, Statement } from "./batch.ts";
import { closedHook } from "./closed-hook.ts";
import { addressField, COUNTER, DROP, equals, IIFNAME, inSet, jump, OIFNAME } from "./expressions.ts";
import type { KernelChain, KernelElement, KernelRule, KernelSet } from "./kernel-objects.ts";
import type { Names } from "./names.ts";

// Every pod has a link-local IPv6 address, in clusters of IPv4 too, and its kernel listens there. On a shared bridge
// those addresses lead from pod to pod and to the node, and no policy knows whose they are: a pod that may send nothing
// reached one that takes nothing. So they serve for finding neighbours, and for nothing else.

const LINK_LOCAL: Expression = { prefix: { addr: "fe80::", len: 10 } };
const NO_ADDRESS = "::";

export function bridgeSets(names: Names, bridges: readonly InterfaceName[]): KernelSet[] {
  return bridges.length === 0 ? [] : [{ name: names.bridges, type: "ifname", interval: false, map: false }];
}

export function bridgeElements(names: Names, bridges: readonly InterfaceName[]): KernelElement[] {
  return bridges.map((key) => ({ set: names.bridges, key }));
}

export function onLinkChain(names: Names): KernelChain {
  const refused: KernelRule = {
    expr: [COUNTER, DROP],
    comment: "a link-local address on a bridge is known to no policy",
  };
  return { name: names.fixed("on-link"), rules: [{ expr: [jump(names.fixed("neighbours"))] }, refused] };
}

function rules(
  names: Names,
  bridges: readonly InterfaceName[],
  matches: readonly (readonly Statement[])[],
): KernelRule[] {
  if (bridges.length === 0) return [];
  return matches.flatMap((match) => closedHook(match, names.fixed("on-link")));
}

/** For the gate: what comes over a bridge from no address, or from a link-local one. */
export function onLinkSources(names: Names, bridges: readonly InterfaceName[]): KernelRule[] {
  const source = addressField(6, "saddr");
  return rules(
    names,
    bridges,
    [LINK_LOCAL, NO_ADDRESS].map((address) => [inSet(IIFNAME, names.bridges), equals(source, address)]),
  );
}

/** For the last hook that forwards: what a bridge would carry to a link-local address. */
export function onLinkDestinations(names: Names, bridges: readonly InterfaceName[]): KernelRule[] {
  const toLink = equals(addressField(6, "daddr"), LINK_LOCAL);
  return rules(names, bridges, [[inSet(OIFNAME, names.bridges), toLink]]);
}
