import type { TimedAnswer } from "./call-process.ts";
import type { ApiCall } from "./api-session.ts";
import type { Turn } from "./probe-log.ts";
import type { Scene } from "./scene.ts";
import type { EventChange, EventKind, Step } from "./steps.ts";

/** One event; times are milliseconds of the machine's clock. */
export interface Sample {
  readonly kind: EventKind;
  readonly change: EventChange;
  /** Whether packets arrive after it. */
  readonly arrives: boolean;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** When the bare watch had its line. */
  readonly watchedAt: number;
  readonly turn: Turn;
}

/** Until the fate of packets changes, which otherwise is a failure. */
const LIMIT_MILLISECONDS = 10_000;
/** Between two events: what the agent does after the first is no part of the second. */
const PAUSE_MILLISECONDS = 15;

async function call({ calls }: Scene, request: ApiCall): Promise<TimedAnswer> {
  calls.ask(request);
  const answer = await calls.next();
  if (answer.status < 300) return answer;
  throw new Error(`${request.method} ${request.path}: ${answer.status} ${answer.text}`);
}

/** The watch tells of nothing but what this bench does, one thing after the other. */
async function seen({ watch }: Scene, key: string): Promise<number> {
  for (;;) {
    const line = await watch.next();
    if (line.kind === "seen" && line.key === key) return line.at;
  }
}

async function turned({ probes }: Scene, key: string): Promise<Turn> {
  const answer = await probes.next();
  if (answer.kind === "turned") return answer.turn;
  throw new Error(`the packets did not follow "${key}": ${answer.kind === "begun" ? "begun" : answer.found}`);
}

/** Begins to send packets, then the request, and waits until both the watch and the packets tell of it. */
export async function takeSample(scene: Scene, step: Step): Promise<Sample> {
  const { kind, change, before, key, packets } = step;
  if (before !== undefined) await call(scene, before);
  await Bun.sleep(PAUSE_MILLISECONDS);
  scene.probes.ask({ ...packets, limit: LIMIT_MILLISECONDS });
  const begun = await scene.probes.next();
  if (begun.kind !== "begun") throw new Error(`before "${key}": ${JSON.stringify(begun)}`);
  const [{ sentAt, answeredAt }, watchedAt, turn] = await Promise.all([
    call(scene, step.call),
    seen(scene, key),
    turned(scene, key),
  ]);
  return { kind, change, arrives: packets.arrives, sentAt, answeredAt, watchedAt, turn };
}
