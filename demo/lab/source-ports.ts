import { ProbeSocketError } from "../../native/probe-socket.ts";
import type { Place } from "./place.ts";

const FIRST = 20_000;
const LAST = 65_535;
const EADDRINUSE = 98;
const MOST_TRIES = 100;

/**
 * Source ports (and ICMP identifiers) that no place uses twice before it used all: a port that comes back within
 * conntrack's memory would continue an old flow, and established flows are not judged again.
 */
export class SourcePorts {
  readonly #next = new Map<Place, number>();

  take(place: Place): number {
    const port = this.#next.get(place) ?? FIRST;
    this.#next.set(place, port === LAST ? FIRST : port + 1);
    return port;
  }

  /** What `open` makes of the first port that no server of the place listens on. */
  open<T>(place: Place, open: (port: number) => T): T {
    for (let tries = 1; ; tries++) {
      try {
        return open(this.take(place));
      } catch (error) {
        const taken = error instanceof ProbeSocketError && error.errno === EADDRINUSE;
        if (!taken || tries === MOST_TRIES) throw error;
      }
    }
  }
}
