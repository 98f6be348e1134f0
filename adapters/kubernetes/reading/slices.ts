import type { Alarm, Exchange } from "./exchange.ts";
import type { Records } from "./records.ts";
import { createTurns } from "./turns.ts";

export interface SliceOptions<End, Out> {
  readonly exchange: Exchange;
  readonly records: Records<End>;
  /** Makes the little that is kept of a record; what it was made from is dropped. */
  readonly reduce: (record: unknown) => Out;
  readonly alarms: () => readonly Alarm[];
  /** Longest run of work, in milliseconds, before the event loop gets its turn. */
  readonly step: number;
}

/** What one read of the network brought, or a few milliseconds' work of it. */
export interface Slice<Out> {
  readonly out: readonly Out[];
  /** When it arrived, in milliseconds of performance.now(). */
  readonly arrivedAt: number;
}

/**
 * Reads a body record by record, only as fast as it is pulled. What came before an error is told before it is thrown.
 *
 * @throws MalformedError, BrokenOffError
 */
export async function* slices<End, Out>(
  options: SliceOptions<End, Out>,
): AsyncGenerator<Slice<Out>, End, undefined> {
  const { exchange, records, reduce, alarms, step } = options;
  const turns = createTurns(step);
  for (;;) {
    const bytes = await exchange.read(alarms);
    if (bytes === undefined) return records.end();
    const arrivedAt = performance.now();
    records.feed(bytes);
    if (turns.over) await turns.next();
    let out: Out[] = [];
    try {
      for (let record = records.take(); record !== undefined; record = records.take()) {
        out.push(reduce(record));
        if (!turns.over) continue;
        yield { out, arrivedAt };
        out = [];
        await turns.next();
      }
    } catch (error) {
      if (out.length > 0) yield { out, arrivedAt };
      throw error;
    }
    if (out.length > 0) yield { out, arrivedAt };
  }
}
