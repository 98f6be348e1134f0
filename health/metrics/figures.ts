import type { AgentHealth } from "../components.ts";

/** What the process takes of the machine. */
export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly openFiles: number;
  /** Since 1970. */
  readonly startedAtSeconds: number;
}

/** What metrics are made of, read when somebody asks for them. */
export interface Figures {
  readonly version: string;
  readonly health: AgentHealth;
  /** Longest in which the event loop could do nothing else, in the last one to two minutes. */
  readonly longestGapSeconds: number;
  /** Undefined: not wanted. */
  readonly process: ProcessFigures | undefined;
}

/** What is told while it happens, in seconds. */
export interface Observations {
  /** From the first sight of the oldest change of a pass until packets are judged by it. */
  readonly eventToKernel: number;
  /** What a pass that changed something took. */
  readonly apply: number;
  /** By how much the event loop was late. */
  readonly loopDelay: number;
}
