/** Whole days; the timer only keeps the process alive. */
const LONG_MILLISECONDS = 24 * 3_600_000;

/** Waits until SIGTERM or SIGINT comes. */
export async function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const alive = setInterval(() => {}, LONG_MILLISECONDS);
  process.once("SIGTERM", resolve);
  process.once("SIGINT", resolve);
  await promise;
  clearInterval(alive);
}
