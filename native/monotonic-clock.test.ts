import { expect, test } from "bun:test";
import { monotonicMilliseconds, sleepMicroseconds } from "./monotonic-clock.ts";

test("two processes read one clock", async () => {
  const script = `import { monotonicMilliseconds } from "${import.meta.dir}/monotonic-clock.ts";
process.stdout.write(String(monotonicMilliseconds()));`;
  const before = monotonicMilliseconds();
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const theirs = Number(await child.stdout.text());
  expect(theirs).toBeGreaterThan(before);
  expect(theirs).toBeLessThan(monotonicMilliseconds());
});

test("a sleep below a millisecond is no busy wait, and takes its time", () => {
  const before = monotonicMilliseconds();
  for (let round = 0; round < 10; round++) sleepMicroseconds(200);
  expect(monotonicMilliseconds() - before).toBeGreaterThanOrEqual(2);
});
