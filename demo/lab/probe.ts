import { TCP } from "../../model/protocol.ts";
import { pollSockets, type Waiting } from "../../native/probe-socket.ts";
import { type Attempt, listenFor, startAttempt } from "./attempt.ts";
import { type Ear, Ears } from "./ears.ts";
import type { ResolvedFlow } from "./flow.ts";
import { LabError } from "./lab-error.ts";
import { type Place, placeAddress } from "./place.ts";
import type { Server, Servers } from "./servers.ts";
import type { SourcePorts } from "./source-ports.ts";

/** Milliseconds without any news after which what is missing counts as dropped. Veth pairs deliver in microseconds. */
const QUIET = 60;
/** Milliseconds that the control probe, which nobody polices, may take before the lab counts as broken. */
const CONTROL_LIMIT = 10_000;
/** Sockets of one round: well under the usual limit of 1,024 descriptors. */
const WAVE = 400;

interface Round {
  readonly attempts: readonly Attempt[];
  readonly control: Attempt;
  readonly ears: Ears;
  readonly servers: readonly Server[];
}

interface Task extends Waiting {
  readonly act: () => void;
}

/** Waits for the answer to one attempt. */
function answerTask(attempt: Attempt): Task[] {
  const { waiting } = attempt;
  if (waiting === undefined) return [];
  const act = (): void => {
    attempt.arrived = waiting.answered();
    attempt.ended = true;
  };
  return [{ socket: waiting.socket, until: waiting.until, act }];
}

function earTask(ear: Ear, byToken: ReadonlyMap<string, Attempt>): Task {
  const act = (): void => {
    for (const token of ear.heard()) {
      const attempt = byToken.get(token);
      if (attempt !== undefined) attempt.arrived = true;
    }
  };
  return { socket: ear.socket, until: ear.until, act };
}

/** Takes in everything that came in; true if a probe came through. */
function takeNews({ attempts, control, ears, servers }: Round): boolean {
  const open = [...attempts, control].filter(({ arrived, ended }) => !arrived && !ended);
  const byToken = new Map(open.map((attempt) => [attempt.token, attempt]));
  const news = pollSockets(
    [
      ...open.flatMap(answerTask),
      ...ears.all.map((ear) => earTask(ear, byToken)),
      ...servers.map(({ socket, until, serve }): Task => ({ socket, until, act: serve })),
    ],
    1,
  );
  for (const { act } of news) act();
  return open.some(({ arrived }) => arrived);
}

async function settle(round: Round): Promise<void> {
  const began = performance.now();
  let lastNews = began;
  for (;;) {
    const before = performance.now();
    if (takeNews(round)) lastNews = performance.now();
    else if (round.control.arrived) {
      if (round.attempts.every(({ arrived, ended }) => arrived || ended)) return;
      if (before - lastNews > QUIET) return;
    } else if (before - began > CONTROL_LIMIT) {
      const found = "a connection from the node to the outside, which no policy touches, was not answered";
      const next = "the machine may be overloaded, or something else filters in these namespaces";
      throw new LabError({ tried: "trust a round of probes", found, next });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function close({ attempts, control, ears }: Round): void {
  for (const { waiting } of [...attempts, control]) waiting?.socket[Symbol.dispose]();
  ears[Symbol.dispose]();
}

export interface Ground {
  readonly node: Place;
  readonly outside: Place;
  readonly servers: Servers;
  readonly ports: SourcePorts;
}

/** A flow that no policy of pods concerns: what it takes tells how long others may take. */
function controlFlow({ node, outside }: Ground): ResolvedFlow {
  const [source, destination] = [placeAddress(node, 4), placeAddress(outside, 4)];
  const ends = { from: node, to: outside, source, destination };
  return { ...ends, protocol: TCP, port: 9, forged: false, handMade: false };
}

async function oneRound(ground: Ground, flows: readonly ResolvedFlow[]): Promise<boolean[]> {
  const control = controlFlow(ground);
  const ears = new Ears();
  const attempts = new Map<ResolvedFlow, Attempt>();
  for (const flow of [...flows, control]) {
    ground.servers.ensure(flow);
    listenFor(ears, flow);
  }
  for (const [from, ofPlace] of Map.groupBy(flows, ({ from: place }) => place))
    from.network.run(() => {
      for (const flow of ofPlace) attempts.set(flow, startAttempt(flow, ground.ports));
    });
  const round: Round = {
    attempts: [...attempts.values()],
    // Last, so that an answer to it means that the machine found time for all that were sent before.
    control: control.from.network.run(() => startAttempt(control, ground.ports)),
    ears,
    servers: ground.servers.all,
  };
  try {
    await settle(round);
    for (const server of round.servers) server.serve();
  } finally {
    close(round);
  }
  return flows.map((flow) => attempts.get(flow)?.arrived === true);
}

/**
 * Sends every flow's first packet, all at once, and tells which got through (TCP and UDP: with an answer). What got
 * lost is sent once more before it counts as dropped. Throws LabError where not even the control probe gets through.
 */
export async function probeFlows(ground: Ground, flows: readonly ResolvedFlow[]): Promise<boolean[]> {
  const results: boolean[] = [];
  for (let at = 0; at < flows.length; at += WAVE) {
    const wave = flows.slice(at, at + WAVE);
    const first = await oneRound(ground, wave);
    const missing = wave.filter((_, index) => first[index] === false);
    const again = missing.length === 0 ? [] : await oneRound(ground, missing);
    const late = new Set(missing.filter((_, index) => again[index] === true));
    results.push(...wave.map((flow, index) => first[index] === true || late.has(flow)));
  }
  return results;
}
