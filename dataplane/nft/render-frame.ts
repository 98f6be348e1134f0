import { INTERFACE_PREFIX } from "../../model/fingerprint.ts";
import type { Family } from "../../model/address.ts";
import type { Direction } from "../../model/policy.ts";
import type { Expression, Statement } from "./batch.ts";
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
  L4PROTO,
  MID_STREAM,
  OIFNAME,
  verdictOf,
} from "./expressions.ts";
import type { KernelChain, KernelRule, Rendering } from "./kernel-objects.ts";
import { HOOK, type Names } from "./names.ts";
import { gateChain, neighboursChain } from "./render-gate.ts";
import { frameSets } from "./render-frame-sets.ts";

/** What the fixed chains depend on. */
export interface FrameOptions {
  /** Calico's DefaultEndpointToHostAction: what becomes of pod -> own node when egress policy allows it. */
  readonly endpointToHost: "accept" | "return" | "drop";
  /** Drop what conntrack calls invalid. */
  readonly dropInvalid: boolean;
  /** A new TCP flow must begin with a bare SYN: cuts flows that policy stopped allowing, whoever speaks next. */
  readonly dropMidStream: boolean;
  /** The grace after a first install: mid-stream packets are also judged as replies. */
  readonly mirrored: boolean;
  /** Endpoints that only their addresses tell exist. */
  readonly shared: boolean;
}

type Judge = Direction | "input";

const OURS = `${INTERFACE_PREFIX}*`;
const FAMILIES: readonly Family[] = [4, 6];
const FORWARD_EGRESS = { name: "forward", priority: -10 } as const;
const FORWARD_INGRESS = { name: "forward", priority: -9 } as const;
const INPUT = { name: "input", priority: -10 } as const;

function dropped(comment: string): KernelRule {
  return { expr: [COUNTER, DROP], comment };
}

/** Egress and input look at who sends, ingress at who receives. */
function sight(judge: Judge): { direction: Direction; name: Expression; field: "saddr" | "daddr" } {
  return judge === "ingress"
    ? { direction: "ingress", name: OIFNAME, field: "daddr" }
    : { direction: "egress", name: IIFNAME, field: "saddr" };
}

function dispatchRules(
  names: Names,
  judge: Judge,
  options: { shared: boolean; mirrored: boolean },
): KernelRule[] {
  const { direction, name, field } = sight(judge);
  if (!options.shared) {
    return [{ expr: [verdictOf(name, names.dispatch(direction, "interfaces", options.mirrored))] }];
  }
  return FAMILIES.map((family) => ({
    expr: [
      verdictOf(
        addressField(family, field),
        names.dispatch(direction, `addresses${family}`, options.mirrored),
      ),
    ],
  }));
}

function mirrorName(names: Names, judge: Direction, shared: boolean): string {
  return names.fixed(shared ? `mirror-${judge}-shared` : `mirror-${judge}`);
}

function midStreamRules(
  names: Names,
  judge: Judge,
  options: FrameOptions & { forShared: boolean },
): KernelRule[] {
  if (options.mirrored) {
    // The node may always speak to its pods, so any packet of an open connection to the node may be a reply.
    const verdict = judge === "input" ? ACCEPT : jump(mirrorName(names, judge, options.forShared));
    return [{ expr: [...MID_STREAM, verdict], comment: "grace: open connections are judged as replies too" }];
  }
  if (!options.dropMidStream) return [];
  return [
    { expr: [...MID_STREAM, COUNTER, DROP], comment: "a new TCP connection must begin with a bare SYN" },
  ];
}

function judgeChain(names: Names, judge: Judge, options: FrameOptions & { forShared: boolean }): KernelChain {
  const { forShared } = options;
  const rules: KernelRule[] = [];
  if (judge === "input") {
    rules.push({ expr: [equals(L4PROTO, 58), jump(names.fixed("neighbours"))] });
  }
  rules.push({ expr: [connectionState("established", "related"), ACCEPT] });
  if (options.dropInvalid) {
    rules.push({ expr: [connectionState("invalid"), COUNTER, DROP], comment: "belongs to no connection" });
  }
  if (judge === "input" && options.endpointToHost === "drop") {
    rules.push(dropped("endpoints may not reach their own node"));
  } else {
    rules.push(...midStreamRules(names, judge, options));
    rules.push(...dispatchRules(names, judge, { shared: forShared, mirrored: false }));
    rules.push(dropped(forShared ? "unknown address" : "unknown interface"));
  }
  return { name: names.fixed(forShared ? `${judge}-shared` : judge), rules };
}

/**
 * Whatever falls off a chain comes back here and is dropped: a packet that is held up on its way through an epoch
 * until its chains are emptied must not leave by the base chain's policy, which is accept.
 */
function closedHook(ours: Statement, chain: string): KernelRule[] {
  return [{ expr: [ours, jump(chain)] }, { expr: [ours, DROP] }];
}

function hookRules(names: Names, judge: Judge, shared: boolean): KernelRule[] {
  const { name, field } = sight(judge);
  const rules = closedHook(equals(name, OURS), names.fixed(judge));
  if (!shared) return rules;
  for (const family of FAMILIES) {
    const known = inSet(addressField(family, field), names.addresses(family));
    rules.push(...closedHook(known, names.fixed(`${judge}-shared`)));
  }
  return rules;
}

function mirrorChain(names: Names, judge: Direction, shared: boolean): KernelChain {
  return {
    name: mirrorName(names, judge, shared),
    rules: dispatchRules(names, judge, { shared, mirrored: true }),
  };
}

/**
 * Base chains and the fixed chains behind them. An allow is `accept` at each hook, which ends one base chain only: so
 * both endpoints of one node judge. Callees stand before their callers; base chains come last.
 */
export function renderFrame(names: Names, options: FrameOptions): Rendering {
  const chains: KernelChain[] = [neighboursChain(names), gateChain(names)];
  for (const forShared of options.shared ? [false, true] : [false]) {
    if (options.mirrored) {
      chains.push(mirrorChain(names, "egress", forShared), mirrorChain(names, "ingress", forShared));
    }
    for (const judge of ["egress", "ingress", "input"] as const) {
      chains.push(judgeChain(names, judge, { ...options, forShared }));
    }
  }
  const { shared } = options;
  chains.push(
    {
      name: HOOK.gate,
      hook: { name: "prerouting", priority: -300 },
      rules: closedHook(equals(IIFNAME, OURS), names.fixed("gate")),
    },
    { name: HOOK.egress, hook: FORWARD_EGRESS, rules: hookRules(names, "egress", shared) },
    { name: HOOK.ingress, hook: FORWARD_INGRESS, rules: hookRules(names, "ingress", shared) },
    { name: HOOK.input, hook: INPUT, rules: hookRules(names, "input", shared) },
  );
  return { sets: frameSets(names, options), chains, elements: new Map() };
}
