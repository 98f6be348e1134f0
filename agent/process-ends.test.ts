import { expect, test } from "bun:test";

/** Runs `body` in a process of its own that watches its ends. */
function watched(body: string): { readonly code: number; readonly out: string; readonly err: string } {
  const script = `
    const { openLog, standardOutput } = await import(process.env.ROOM + "/log.ts");
    const { watchProcessEnds } = await import(process.env.ROOM + "/process-ends.ts");
    const log = openLog({ sink: standardOutput(), level: "info" });
    using ends = watchProcessEnds(log);
    ${body}`;
  const done = Bun.spawnSync([process.execPath, "-e", script], { env: { ROOM: import.meta.dir } });
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
}

test.each([
  [
    "an error that nobody caught",
    'setTimeout(() => { throw new Error("a bug"); }, 0); await new Promise(() => {});',
  ],
  ["a rejection that nobody caught", 'void Promise.reject(new Error("a bug")); await Bun.sleep(60_000);'],
])("%s: a last line, exit 1", (_, body) => {
  const { code, out, err } = watched(body);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ level: "fatal", error: expect.stringContaining("a bug") });
  expect(err).toContain("a bug");
});

test("a signal stops, a second one changes nothing", () => {
  const { code, out } = watched(`
    process.kill(process.pid, "SIGTERM");
    await new Promise((resolve) => ends.stopping.addEventListener("abort", resolve));
    process.kill(process.pid, "SIGINT");
    await Bun.sleep(1);
    await log.flush(1_000);
    process.exitCode = 0;`);
  expect(code).toBe(0);
  expect(out.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(out)).toMatchObject({ message: "stopping, the rules stay in force", signal: "SIGTERM" });
});

test("whatever hangs after the signal is ended, exit 0", () => {
  expect(watched('process.kill(process.pid, "SIGTERM"); await Bun.sleep(60_000);').code).toBe(0);
});
