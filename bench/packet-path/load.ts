import { writeSync } from "node:fs";
import { pinThread } from "../../native/tcp-load.ts";
import { type Part, type Plan, type Round, turnsOf } from "./plan.ts";
import { openTurns, type Turn } from "./turns.ts";

// A process of its own: `bun load.ts PLAN PART`. A server says `listening`; whoever holds clients prints a Round a line.

function measureRound(turns: readonly Turn[], order: readonly number[], milliseconds: number): Round {
  const sums = turns.map(() => ({ done: 0, milliseconds: 0 }));
  const before = process.cpuUsage();
  for (const at of order) {
    const [sum, took] = [sums[at], turns[at]?.(milliseconds)];
    if (sum === undefined || took === undefined) continue;
    sum.done += took.done;
    sum.milliseconds += took.milliseconds;
  }
  const { user, system } = process.cpuUsage(before);
  const rates = sums.map((sum) => (sum.done / sum.milliseconds) * 1_000);
  return { rates, user: user / 1e6, system: system / 1e6 };
}

function load(plan: Plan, { holds, processor }: Part): void {
  using resources = new DisposableStack();
  pinThread(processor);
  const listening = (): void => {
    if (holds === "server") writeSync(1, "listening\n");
  };
  const turns = openTurns({ resources, plan }, holds, listening);
  let warm = false;
  for (const order of turnsOf(plan)) {
    const round = measureRound(turns, order, plan.milliseconds);
    if (warm && holds !== "server") writeSync(1, `${JSON.stringify(round)}\n`);
    warm = true;
  }
}

if (import.meta.main) {
  const [plan = "", part = ""] = process.argv.slice(2);
  load(JSON.parse(plan) as Plan, JSON.parse(part) as Part);
}
