import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { lockFile as lockOrNot, type LockPatience } from "./file-lock.ts";
import { openDescriptors, openedSince } from "../test/open-descriptors.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tortie-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const PATIENCE: LockPatience = { milliseconds: 10_000, everyMilliseconds: 1 };

async function lockFile(path: string): Promise<Disposable> {
  const lock = await lockOrNot(path, PATIENCE);
  if (lock === undefined) throw new Error(`${path} is locked`);
  return lock;
}

/** util-linux' own program: whether it gets the lock at once. */
function free(path: string): boolean {
  return Bun.spawnSync(["flock", "--nonblock", path, "true"]).exitCode === 0;
}

test("lockFile keeps others out until it is disposed of, which may be done twice", async () => {
  const path = join(directory, "lock");
  const lock = await lockFile(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(free(path)).toBe(false);
  lock[Symbol.dispose]();
  lock[Symbol.dispose]();
  expect(free(path)).toBe(true);
  const before = openDescriptors();
  for (let at = 0; at < 3; at++) {
    using again = await lockFile(path);
    expect(again).toBeDefined();
    expect(await lockOrNot(path, { milliseconds: 0 })).toBeUndefined();
  }
  expect(openedSince(before)).toEqual([]);
});

test("lockFile waits for the one who holds it, and this process does other things meanwhile", async () => {
  const path = join(directory, "lock");
  const lock = await lockFile(path);
  const waiting = lockFile(path);
  let isOver = false;
  void waiting.then(() => (isOver = true));
  await Bun.sleep(5);
  expect(isOver).toBe(false);
  lock[Symbol.dispose]();
  using second = await waiting;
  expect(second).toBeDefined();
});

test("waiting for a lock ends with its time, and with a signal", async () => {
  const path = join(directory, "lock");
  using _ = await lockFile(path);
  expect(await lockOrNot(path, { milliseconds: 5 })).toBeUndefined();
  const told = new AbortController();
  const waiting = lockOrNot(path, { milliseconds: Infinity, signal: told.signal });
  await Bun.sleep(5);
  told.abort();
  expect(await waiting).toBeUndefined();
});

test("a holder that is killed holds it no longer", async () => {
  const path = join(directory, "lock");
  const script = `
    const { lockFile } = await import(${JSON.stringify(join(import.meta.dir, "file-lock.ts"))});
    globalThis.lock = await lockFile(${JSON.stringify(path)}, { milliseconds: 0 });
    process.stdout.write("has it\\n");
    setInterval(() => {}, 1000);`;
  const holder = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  await holder.stdout.getReader().read();
  expect(free(path)).toBe(false);
  holder.kill("SIGKILL");
  await holder.exited;
  using lock = await lockFile(path);
  expect(lock).toBeDefined();
});

test("lockFile throws for a path that cannot be opened", async () => {
  const path = join(directory, "missing", "lock");
  expect(lockFile(path)).rejects.toThrow("ENOENT");
  expect(existsSync(path)).toBe(false);
});
