import type { Family } from "../../model/address.ts";
import type { Task } from "./variants.ts";

/** Where a variant's packets begin and end. */
export interface Path {
  /** Paths of network namespaces. */
  readonly client: string;
  readonly server: string;
  readonly addresses: Readonly<Record<Family, string>>;
  readonly port: number;
}

/** What the processes that make the load are told. */
export interface Plan {
  /** By variant. */
  readonly paths: readonly Path[];
  readonly tasks: readonly Task[];
  readonly rounds: number;
  /** So often every task has its turn in a round. */
  readonly passes: number;
  /** The length of a turn. */
  readonly milliseconds: number;
}

/** Which ends a process holds, and the processor that it stays on. */
export interface Part {
  readonly holds: "both" | "client" | "server";
  readonly processor: number;
}

/** A line that the client prints, one a round. */
export interface Round {
  /** Bytes or connections a second, by task. */
  readonly rates: readonly number[];
  /** Seconds that the process itself took, and the kernel for it: packets on their way included. */
  readonly user: number;
  readonly system: number;
}

/** Numbers below `count` in an order that differs from pass to pass, so that nobody always follows the same neighbour. */
export function orderOf(count: number, pass: number): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  // Knuth's multiplier spreads the passes; xorshift goes on from there.
  let state = Math.imul(pass + 1, 0x9e3779b1) | 1;
  for (let at = count - 1; at > 0; at--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (at + 1);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

/** The tasks of every turn, round after round; the first round warms up and does not count. */
export function* turnsOf({
  tasks,
  rounds,
  passes,
}: Omit<Plan, "paths" | "milliseconds">): Generator<number[]> {
  for (let round = 0; round <= rounds; round++) {
    const orders = Array.from({ length: passes }, (_, pass) => orderOf(tasks.length, round * passes + pass));
    yield orders.flat();
  }
}
