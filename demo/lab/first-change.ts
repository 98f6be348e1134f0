import { pollSockets } from "../../native/probe-socket.ts";
import { listenFor, sendHandMade } from "./attempt.ts";
import { Ears } from "./ears.ts";
import type { ResolvedFlow } from "./flow.ts";

/** Packets in a row that must share the new fate before it counts: one lost packet is no verdict. */
const CONFIRMED_BY = 5;

/**
 * Sends a new flow each millisecond until packets fare as `arrives` says.
 *
 * @returns when the first packet of the new fate was sent (milliseconds of performance.now()); undefined after `limit` milliseconds.
 */
export async function firstChange(
  flow: ResolvedFlow,
  arrives: boolean,
  limit: number,
): Promise<number | undefined> {
  const handMade: ResolvedFlow = { ...flow, handMade: true, forged: true };
  using ears = new Ears();
  listenFor(ears, handMade);
  const began = performance.now();
  let since: number | undefined;
  let row = 0;
  while (performance.now() - began < limit) {
    const sent = performance.now();
    const token = handMade.from.network.run(() => sendHandMade(handMade));
    const arrived = pollSockets(ears.all, 1).some((ear) => ear.heard().includes(token));
    since = arrived === arrives ? (since ?? sent) : undefined;
    row = arrived === arrives ? row + 1 : 0;
    if (row === CONFIRMED_BY) return since;
    await Bun.sleep(1);
  }
  return undefined;
}
