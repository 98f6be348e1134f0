import type { Goal } from "./goal.ts";

/** What the project promises to itself. */
export const GOALS: readonly Goal[] = [];
