import type { Result } from "./result.ts";

/** What a measurement is given. */
export interface BenchContext {
  /** The large sizes and the long times, too. */
  readonly full: boolean;
  /** An empty directory of its own; it is removed afterwards. */
  readonly directory: string;
  /** The path of the executable as it is shipped, built once in a run. */
  executable(): Promise<string>;
  /** Tells people what goes on. */
  readonly progress: (text: string) => void;
}

/** Something to measure, by `bun run bench --only NAME`. It touches loopback and namespaces of its own only, and cleans up. */
export interface Measurement {
  readonly name: string;
  /** One line for --help. */
  readonly summary: string;
  /** Figures as they are found. Throws where something that it needs is missing, with what to do about it. */
  run(context: BenchContext): AsyncIterable<Result>;
}
