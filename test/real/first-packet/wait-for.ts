/** What takes longer has gone wrong, however busy the machine is. */
const LIMIT_MILLISECONDS = 90_000;

/** Waits until it holds; throws with what is wrong where it never does. */
export async function waitFor(holds: () => boolean | Promise<boolean>, wrong: () => string): Promise<void> {
  const limit = performance.now() + LIMIT_MILLISECONDS;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(wrong());
    await Bun.sleep(50);
  }
}
