import { dlopen, FFIType } from "bun:ffi";

const CLOCK_MONOTONIC = 1;

const { symbols: libc } = dlopen("libc.so.6", {
  clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  usleep: { args: [FFIType.u32], returns: FFIType.i32 },
});

const time = new BigInt64Array(2);

/**
 * Milliseconds since the machine started, to the nanosecond and the same in all its processes: Bun's own clocks begin with the
 * process, process.hrtime among them.
 */
export function monotonicMilliseconds(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, time);
  return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
}

/** Blocks the thread; Bun.sleepSync does not know less than a millisecond. */
export function sleepMicroseconds(microseconds: number): void {
  libc.usleep(microseconds);
}
