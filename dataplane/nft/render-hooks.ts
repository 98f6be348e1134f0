import { INTERFACE_PREFIX, type InterfaceName } from "../../model/fingerprint.ts";
import type { Family } from "../../model/address.ts";
import type { AddressRange } from "../../model/cidr.ts";
import type { Direction } from "../../model/policy.ts";
import type { Expression } from "./batch.ts";
import {
  ACCEPT,
  addressField,
  connectionState,
  COUNTER,
  DROP,
  equals,
  IIFNAME,
  inSet,
  jump,
  notInSet,
  OIFNAME,
} from "./expressions.ts";
import { closedHook } from "./closed-hook.ts";
import type { KernelChain, KernelRule } from "./kernel-objects.ts";
import { HOOK, type Names } from "./names.ts";
import { onLinkDestinations, onLinkSources } from "./render-on-link.ts";
import { ownedRules } from "./render-gate.ts";
import { claimedSources } from "./render-claimed.ts";
import { closedMatches, UNOWNED_DESTINATION, UNOWNED_SOURCE } from "./render-closed.ts";

export type Judge = Direction | "input";

export interface HookOptions {
  /** Endpoints that only their addresses tell exist. */
  readonly shared: boolean;
  /** The interfaces that they share, as far as known; no name twice. */
  readonly bridges: readonly InterfaceName[];
  /** Endpoints may have interfaces whose names do not begin as ours do. */
  readonly foreignInterfaces: boolean;
  /** Addresses that are closed to everybody but endpoints of this node; disjoint. */
  readonly closedRanges: readonly AddressRange[];
}

const OURS = `${INTERFACE_PREFIX}*`;
const FAMILIES: readonly Family[] = [4, 6];
const PREROUTING = { name: "prerouting", priority: -300 } as const;
const FORWARD_EGRESS = { name: "forward", priority: -10 } as const;
const FORWARD_INGRESS = { name: "forward", priority: -9 } as const;
const INPUT = { name: "input", priority: -10 } as const;

/** Egress and input look at who sends, ingress at who receives. */
export function sight(judge: Judge): {
  readonly direction: Direction;
  readonly name: Expression;
  readonly field: "saddr" | "daddr";
} {
  return judge === "ingress"
    ? { direction: "ingress", name: OIFNAME, field: "daddr" }
    : { direction: "egress", name: IIFNAME, field: "saddr" };
}

/** What an interface is looked up for. */
interface Looked {
  readonly name: Expression;
  readonly field: "saddr" | "daddr";
  readonly chain: string;
}

/**
 * A closed hook, except that an interface may become known between its jump and its drop: then the endpoint was told by
 * its address so far and still is, and the rules for addresses judge the packet.
 */
function foreignRules(names: Names, { name, field, chain }: Looked, shared: boolean): KernelRule[] {
  const known = inSet(name, names.foreign);
  if (!shared) return closedHook([known], chain);
  const untold = FAMILIES.map((family) => notInSet(addressField(family, field), names.addresses(family)));
  return [{ expr: [known, jump(chain)] }, ...untold.map((one) => ({ expr: [known, one, DROP] }))];
}

/** Interfaces of ours by their prefix, so that one nobody knows is closed; those of others by a set of the known. */
function interfaceRules(names: Names, looked: Looked, options: HookOptions): KernelRule[] {
  const rules = closedHook([equals(looked.name, OURS)], looked.chain);
  return options.foreignInterfaces ? [...rules, ...foreignRules(names, looked, options.shared)] : rules;
}

function judgeRules(names: Names, judge: Judge, options: HookOptions): KernelRule[] {
  const { name, field } = sight(judge);
  const rules = interfaceRules(names, { name, field, chain: names.fixed(judge) }, options);
  if (!options.shared) return rules;
  for (const family of FAMILIES) {
    const known = inSet(addressField(family, field), names.addresses(family));
    rules.push(...closedHook([known], names.fixed(`${judge}-shared`)));
  }
  return rules;
}

function gateRules(names: Names, options: HookOptions): KernelRule[] {
  const { shared, closedRanges, bridges } = options;
  return [
    ...ownedRules(names, [equals(IIFNAME, OURS)]),
    ...interfaceRules(names, { name: IIFNAME, field: "saddr", chain: names.fixed("gate") }, options),
    ...onLinkSources(names, bridges),
    ...(shared ? claimedSources(names) : []),
    ...closedMatches(names, closedRanges, "saddr").flatMap((unowned) =>
      closedHook(unowned, names.fixed("unowned")),
    ),
  ];
}

/** What comes this far in a hook that forwards is of no endpoint: whoever owns the address was judged before. */
function unownedRules(names: Names, judge: Direction, { closedRanges }: HookOptions): KernelRule[] {
  const comment = judge === "ingress" ? UNOWNED_DESTINATION : UNOWNED_SOURCE;
  return closedMatches(names, closedRanges, sight(judge).field).map((unowned) => ({
    expr: [...unowned, COUNTER, DROP],
    comment,
  }));
}

/** A packet of an open connection needs no judge: its connection was judged when it began. */
export const PASS_ESTABLISHED: KernelRule = { expr: [connectionState("established", "related"), ACCEPT] };

/**
 * Whether all packets of open connections pass the hooks that forward, whosever they are: then they need not be asked
 * before. Where addresses are judged too, some of them do not: neighbours on a bridge, addresses that nobody owns.
 * An accept there is no opinion on what others forward: it ends our own chain only.
 */
export function establishedPasses({ shared, closedRanges, bridges }: HookOptions): boolean {
  return !shared && closedRanges.length === 0 && bridges.length === 0;
}

/** The base chains: what brings packets to the chains of an epoch. */
export function hookChains(names: Names, options: HookOptions): KernelChain[] {
  const forwarding = (judge: Direction): KernelRule[] => [
    ...(establishedPasses(options) ? [PASS_ESTABLISHED] : []),
    ...judgeRules(names, judge, options),
    ...(judge === "ingress" ? onLinkDestinations(names, options.bridges) : []),
    ...unownedRules(names, judge, options),
  ];
  return [
    { name: HOOK.gate, hook: PREROUTING, rules: gateRules(names, options) },
    { name: HOOK.egress, hook: FORWARD_EGRESS, rules: forwarding("egress") },
    { name: HOOK.ingress, hook: FORWARD_INGRESS, rules: forwarding("ingress") },
    { name: HOOK.input, hook: INPUT, rules: judgeRules(names, "input", options) },
  ];
}
