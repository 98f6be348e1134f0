import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { lockFile } from "./file-lock.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tortie-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** util-linux' own program: whether it gets the lock at once. */
function free(path: string): boolean {
  return Bun.spawnSync(["flock", "--nonblock", path, "true"]).exitCode === 0;
}

test("lockFile keeps others out until it is disposed of, which may be done twice", () => {
  const path = join(directory, "lock");
  const lock = lockFile(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(free(path)).toBe(false);
  lock[Symbol.dispose]();
  lock[Symbol.dispose]();
  expect(free(path)).toBe(true);
  const before = readdirSync("/proc/self/fd").length;
  for (let at = 0; at < 3; at++) {
    using again = lockFile(path);
    expect(again).toBeDefined();
  }
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});

test("lockFile waits asleep for the one who holds it", async () => {
  const path = join(directory, "lock");
  const script = `
    const { lockFile } = await import(${JSON.stringify(join(import.meta.dir, "file-lock.ts"))});
    process.stdout.write("begins\\n");
    using lock = lockFile(${JSON.stringify(path)});
    process.stdout.write("has it\\n");`;
  const lock = lockFile(path);
  const waiter = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const reader = waiter.stdout.getReader();
  const said = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
  expect(await said()).toBe("begins\n");
  while (!readFileSync("/proc/locks", "utf8").includes(`-> FLOCK  ADVISORY  WRITE ${waiter.pid}`))
    await Bun.sleep(1);
  expect(readFileSync(`/proc/${waiter.pid}/status`, "utf8")).toMatch(/^State:\s+S/m);
  lock[Symbol.dispose]();
  expect(await said()).toBe("has it\n");
  expect(await waiter.exited).toBe(0);
});

test("a holder that is killed holds it no longer", async () => {
  const path = join(directory, "lock");
  const script = `
    const { lockFile } = await import(${JSON.stringify(join(import.meta.dir, "file-lock.ts"))});
    globalThis.lock = lockFile(${JSON.stringify(path)});
    process.stdout.write("has it\\n");
    setInterval(() => {}, 1000);`;
  const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  await holder.stdout.getReader().read();
  expect(free(path)).toBe(false);
  holder.kill("SIGKILL");
  await holder.exited;
  using lock = lockFile(path);
  expect(lock).toBeDefined();
});

test("lockFile throws for a path that cannot be opened", () => {
  const path = join(directory, "missing", "lock");
  expect(() => lockFile(path)).toThrow("ENOENT");
  expect(existsSync(path)).toBe(false);
});
