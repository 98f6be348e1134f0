import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { type RunPaths, runPaths } from "../handshake/run-paths.ts";
import { type ContainerLock, lockContainer } from "./container-lock.ts";

let paths: RunPaths = runPaths("");
beforeEach(() => {
  paths = runPaths(mkdtempSync(join(tmpdir(), "tortie-container-lock-")));
});
afterEach(() => rmSync(paths.directory, { recursive: true }));

const PATIENCE = 10_000;

async function take(containerId: string, evict = false): Promise<ContainerLock> {
  const lock = await lockContainer(paths, containerId, {
    evict,
    milliseconds: PATIENCE,
    everyMilliseconds: 1,
  });
  if (lock === undefined) throw new Error("it is locked");
  return lock;
}

function tryOnce(containerId: string): Promise<ContainerLock | undefined> {
  return lockContainer(paths, containerId, { evict: false, milliseconds: 0 });
}

test("one holds it at a time, containers apart, and no file is left", async () => {
  const lock = await take("c1");
  expect(await tryOnce("c1")).toBeUndefined();
  using _ = await take("c10");
  const next = take("c1");
  lock[Symbol.dispose]();
  lock[Symbol.dispose]();
  using second = await next;
  expect(second.evicted.aborted).toBe(false);
  expect(await tryOnce("c1")).toBeUndefined();
  expect(readdirSync(paths.locks).toSorted()).toEqual(["c1", "c10"]);
  second[Symbol.dispose]();
  expect(readdirSync(paths.locks)).toEqual(["c10"]);
});

test("many at once: never two of them, whoever removes the file meanwhile", async () => {
  let [within, most] = [0, 0];
  const work = async (): Promise<void> => {
    using _ = await take("c1");
    within++;
    most = Math.max(most, within);
    await Bun.sleep(1);
    within--;
  };
  await Promise.all(Array.from({ length: 30 }, work));
  expect(most).toBe(1);
  expect(readdirSync(paths.locks)).toEqual([]);
});

test("a DEL that waits is told to the holder, and to each that comes before it", async () => {
  const first = await take("c1");
  const [deleting, adding] = [take("c1", true), take("c1")];
  await new Promise((resolve) => first.evicted.addEventListener("abort", resolve));
  first[Symbol.dispose]();
  const next = await Promise.race([deleting, adding]);
  const isDeleting = next === (await Promise.race([deleting, Promise.resolve(undefined)]));
  if (!isDeleting) await new Promise((resolve) => next.evicted.addEventListener("abort", resolve));
  next[Symbol.dispose]();
  for (const lock of await Promise.all([deleting, adding])) lock[Symbol.dispose]();
});

test("what a DEL asked of a holder that is no more is not asked of the next one", async () => {
  using first = await take("c1");
  first[Symbol.dispose]();
  writeFileSync(join(paths.locks, "c1"), "x");
  using second = await take("c1");
  await Bun.sleep(50);
  expect(second.evicted.aborted).toBe(false);
});

test("a process that inherited it keeps it, whatever becomes of the first", async () => {
  const lock = await take("c1");
  const child = Bun.spawn(["sleep", "infinity"], { stdio: ["ignore", "ignore", "ignore", lock.fd] });
  lock[Symbol.dispose]();
  expect(readdirSync(paths.locks)).toEqual(["c1"]);
  expect(await tryOnce("c1")).toBeUndefined();
  const next = take("c1");
  child.kill("SIGKILL");
  using second = await next;
  expect(second).toBeDefined();
});

test("waiting ends with a signal", async () => {
  using _ = await take("c1");
  const signal = AbortSignal.timeout(5);
  for (const evict of [false, true])
    expect(await lockContainer(paths, "c1", { evict, milliseconds: Infinity, signal })).toBeUndefined();
});

test("a directory that cannot be made is told", () => {
  writeFileSync(paths.locks, "");
  expect(take("c1")).rejects.toThrow("EEXIST");
});
