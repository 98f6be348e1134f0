export interface Timed<Value> {
  readonly value: Value;
  readonly seconds: number;
}

export function secondsOf<Value>(work: () => Value): Timed<Value> {
  const beganAt = Bun.nanoseconds();
  const value = work();
  return { value, seconds: (Bun.nanoseconds() - beganAt) / 1e9 };
}
