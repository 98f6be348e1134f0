import { ICMPV6 } from "../../model/protocol.ts";
import type { Family } from "../../model/address.ts";
import type { Direction } from "../../model/policy.ts";
import {
  ACCEPT,
  addressField,
  connectionState,
  COUNTER,
  DROP,
  equals,
  jump,
  L4PROTO,
  MID_STREAM,
  verdictOf,
} from "./expressions.ts";
import { elementsByText, type KernelChain, type KernelRule, type Rendering } from "./kernel-objects.ts";
import type { Names } from "./names.ts";
import { claimedChain } from "./render-claimed.ts";
import { closedElements, closedSets, unownedChain } from "./render-closed.ts";
import { frameSets } from "./render-frame-sets.ts";
import { gateChain, neighboursChain } from "./render-gate.ts";
import { bridgeElements, bridgeSets, onLinkChain } from "./render-on-link.ts";
import {
  establishedPasses,
  hookChains,
  type HookOptions,
  type Judge,
  PASS_ESTABLISHED,
  sight,
} from "./render-hooks.ts";

/** What the fixed chains depend on. */
export interface FrameOptions extends HookOptions {
  /** Calico's DefaultEndpointToHostAction: what becomes of pod -> own node when egress policy allows it. */
  readonly endpointToHost: "accept" | "return" | "drop";
  /** Drop what conntrack calls invalid. */
  readonly dropInvalid: boolean;
  /** A new TCP flow must begin with a bare SYN: cuts flows that policy stopped allowing, whoever speaks next. */
  readonly dropMidStream: boolean;
  /** The grace after a first install: mid-stream packets are also judged as replies. */
  readonly mirrored: boolean;
}

const FAMILIES: readonly Family[] = [4, 6];
/** What no router forwards: each one makes it smaller. */
const UNROUTED_HOPS = 255;

function dropped(comment: string): KernelRule {
  return { expr: [COUNTER, DROP], comment };
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

/** Endpoints on one bridge find each other by packets that the bridge forwards, and that no connection belongs to. */
function bridgedNeighbours(names: Names): KernelRule {
  const unrouted = equals({ payload: { protocol: "ip6", field: "hoplimit" } }, UNROUTED_HOPS);
  return { expr: [equals(L4PROTO, ICMPV6), unrouted, jump(names.fixed("neighbours"))] };
}

function judgeChain(names: Names, judge: Judge, options: FrameOptions & { forShared: boolean }): KernelChain {
  const { forShared } = options;
  const rules: KernelRule[] = [];
  if (judge === "input") {
    rules.push({ expr: [equals(L4PROTO, ICMPV6), jump(names.fixed("neighbours"))] });
  } else if (forShared) {
    rules.push(bridgedNeighbours(names));
  }
  if (judge === "input" || !establishedPasses(options)) rules.push(PASS_ESTABLISHED);
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
  const chains: KernelChain[] = [neighboursChain(names), gateChain(names, options)];
  for (const forShared of options.shared ? [false, true] : [false]) {
    if (options.mirrored) {
      chains.push(mirrorChain(names, "egress", forShared), mirrorChain(names, "ingress", forShared));
    }
    for (const judge of ["egress", "ingress", "input"] as const) {
      chains.push(judgeChain(names, judge, { ...options, forShared }));
    }
  }
  if (options.bridges.length > 0) chains.push(onLinkChain(names));
  if (options.shared) chains.push(claimedChain(names));
  if (options.closedRanges.length > 0) chains.push(unownedChain(names));
  chains.push(...hookChains(names, options));
  const { bridges, closedRanges } = options;
  const sets = [
    ...frameSets(names, options),
    ...bridgeSets(names, bridges),
    ...closedSets(names, closedRanges),
  ];
  const elements = [...bridgeElements(names, bridges), ...closedElements(names, closedRanges)];
  return { sets, chains, elements: elementsByText(elements) };
}
