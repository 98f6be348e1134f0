import type { KubernetesClient } from "../connection/client.ts";
import { ConnectionError } from "../connection/connection-error.ts";
import type { Pace } from "./pace.ts";

/** Somebody who waits for the server's words. */
export interface PulseMember {
  /** Since when nothing was heard, in milliseconds of performance.now(); undefined: nothing is waited for. */
  readonly silentSince: number | undefined;
  /** The server does not answer: there is nothing to wait for. */
  abandon(): void;
  /** The server answers again, but perhaps another one behind the same address: whoever waits asks anew. */
  doubt(): void;
}

/**
 * Feels the pulse of the server while somebody waits in silence: a frozen server, or a connection that died without a
 * word, is noticed no other way. One probe for all who wait.
 */
export interface ServerPulse {
  /** Returns how to leave. */
  join(member: PulseMember): () => void;
}

/** Failures in a row that count: one slow answer is no death, and costs a new connection and new watches only. */
const FAILURES = 2;

/** Any answer is one, whatever its status: a server without /readyz, or one that refuses us, lives. */
async function answers(
  client: KubernetesClient,
  controller: AbortController,
  limit: number,
): Promise<boolean> {
  const timer = setTimeout(() => controller.abort(), limit);
  try {
    const response = await client.request({ path: "/readyz", signal: controller.signal });
    // Read, so that the connection serves the next probe, too.
    await response.arrayBuffer().catch(() => undefined);
    return true;
  } catch (error) {
    if (controller.signal.aborted) return false;
    // Nothing was sent, and so nothing is known.
    return (
      error instanceof ConnectionError && (error.kind === "configuration" || error.kind === "credentials")
    );
  } finally {
    clearTimeout(timer);
  }
}

function createServerPulse(client: KubernetesClient, pace: Pace): ServerPulse {
  const members = new Set<PulseMember>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let probe: AbortController | undefined;
  let failures = 0;
  /** When the first probe of a row of failures was sent. */
  let failedAt = 0;

  function silent(now: number): PulseMember[] {
    return [...members].filter(
      ({ silentSince }) => silentSince !== undefined && now - silentSince >= pace.silence,
    );
  }

  function lookIn(milliseconds: number): void {
    clearTimeout(timer);
    timer = members.size === 0 ? undefined : setTimeout(look, Math.max(1, milliseconds));
  }

  function look(): void {
    timer = undefined;
    const now = performance.now();
    if (silent(now).length > 0) {
      // A pulse that cannot be felt is felt again: nothing of it may end the process.
      void feel(now).catch(() => lookIn(pace.probeEvery));
      return;
    }
    failures = 0;
    const since = [...members].map((member) => member.silentSince ?? now);
    lookIn(Math.min(...since) + pace.silence - now);
  }

  async function feel(startedAt: number): Promise<void> {
    const controller = new AbortController();
    probe = controller;
    const alive = await answers(client, controller, pace.longestProbe);
    // Everybody has left meanwhile; who came later has a timer of his own.
    if (probe !== controller) return;
    probe = undefined;
    if (!alive) {
      if (failures === 0) failedAt = startedAt;
      failures++;
      client.reconnect?.();
    }
    if (failures >= FAILURES) {
      for (const member of silent(performance.now())) member.abandon();
    } else if (alive && failures > 0) {
      // The probe that was answered went over another connection than theirs.
      for (const member of members) if ((member.silentSince ?? Infinity) <= failedAt) member.doubt();
    }
    if (alive || failures >= FAILURES) failures = 0;
    lookIn(startedAt + pace.probeEvery - performance.now());
  }

  return {
    join(member) {
      members.add(member);
      if (timer === undefined && probe === undefined) lookIn(pace.silence);
      return () => {
        members.delete(member);
        if (members.size > 0) return;
        failures = 0;
        clearTimeout(timer);
        timer = undefined;
        probe?.abort();
        probe = undefined;
      };
    },
  };
}

const PULSES = new WeakMap<KubernetesClient, ServerPulse>();

/** The client's one pulse; its pace is the first caller's. */
export function pulseOf(client: KubernetesClient, pace: Pace): ServerPulse {
  const known = PULSES.get(client);
  if (known !== undefined) return known;
  const pulse = createServerPulse(client, pace);
  PULSES.set(client, pulse);
  return pulse;
}
