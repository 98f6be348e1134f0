/** Where a value lies between two pixels. */
export interface Scale {
  readonly at: (value: number) => number;
  /** Values that get a line and a number. */
  readonly ticks: readonly number[];
}

/** Powers of ten around all values. They must be above 0. */
export function logarithmicScale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const ticks = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
  return { ticks, at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from) };
}

/** Round steps from 0 to above all values. */
export function linearScale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const most = Math.max(...values) || 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2].map((one) => one * power).find((one) => most / one <= 5) ?? power;
  const count = Math.ceil(most / step);
  const ticks = Array.from({ length: count + 1 }, (_, at) => at * step);
  return { ticks, at: (value) => from + (value / (count * step)) * (to - from) };
}
