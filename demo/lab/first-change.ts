import { pollSockets } from "../../native/probe-socket.ts";
import { listenFor, sendHandMade } from "./attempt.ts";
import { Ears } from "./ears.ts";
import type { ResolvedFlow } from "./flow.ts";
import type { SourcePorts } from "./source-ports.ts";

/** Packets in a row that must share the new fate before it counts: one lost packet is no verdict. */
const CONFIRMED_BY = 5;

export interface FirstChangeOptions {
  /** Milliseconds. */
  readonly limit: number;
  readonly stopping?: AbortSignal;
}

/**
 * Sends a new flow each millisecond until packets fare as `arrives` says.
 *
 * @returns when the first packet of the new fate was sent (milliseconds of performance.now()); undefined if there was none.
 */
export async function firstChange(
  flow: ResolvedFlow,
  arrives: boolean,
  { limit, stopping, ports }: FirstChangeOptions & { readonly ports: SourcePorts },
): Promise<number | undefined> {
  const handMade: ResolvedFlow = { ...flow, handMade: true, forged: true };
  using ears = new Ears();
  listenFor(ears, handMade);
  let since: number | undefined;
  let row = 0;
  const given = AbortSignal.any([AbortSignal.timeout(limit), ...(stopping === undefined ? [] : [stopping])]);
  while (!given.aborted) {
    const sent = performance.now();
    const token = handMade.from.network.run(() => sendHandMade(handMade, ports));
    const arrived = pollSockets(ears.all, 1).some((ear) => ear.heard().includes(token));
    since = arrived === arrives ? (since ?? sent) : undefined;
    row = arrived === arrives ? row + 1 : 0;
    if (row === CONFIRMED_BY) return since;
    await Bun.sleep(1);
  }
  return undefined;
}
