import type { Measurement } from "./measurement.ts";

/** All of them, in the order of a run. */
export const MEASUREMENTS: readonly Measurement[] = [];
