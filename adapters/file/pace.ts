/** Longest run of work, in milliseconds, before timers, sockets and health probes get their turn. */
const STEP = 4;

/** Called between small pieces of work, it lets the event loop run whenever 4 ms have passed since it last did. */
export function createPace(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < STEP) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
