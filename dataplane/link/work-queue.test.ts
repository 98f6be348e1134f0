import { expect, test } from "bun:test";
import { createWorkQueue } from "./work-queue.ts";

test("work is done in its order, once, and never inside `add`", async () => {
  const done: string[] = [];
  using queue = createWorkQueue<string>({ work: (key) => done.push(key), idle: () => done.push("idle") });
  queue.add(["a", "b", "a"]);
  queue.add(["c", "b"]);
  expect(done).toEqual([]);
  await queue.settled();
  expect(done).toEqual(["a", "b", "c", "idle"]);
  await queue.settled();
  queue.add([]);
  await queue.settled();
  expect(done).toHaveLength(4);
});

test("what comes up meanwhile is done as well, also what the end brings up", async () => {
  const done: string[] = [];
  using queue = createWorkQueue<string>({
    work: (key) => {
      done.push(key);
      if (key === "a") queue.add(["a again"]);
    },
    idle: () => {
      if (!done.includes("late")) queue.add(["late"]);
    },
  });
  queue.add(["a", "b"]);
  await queue.settled();
  expect(done).toEqual(["a", "b", "a again", "late"]);
});

test("the event loop has turns between", async () => {
  const order: string[] = [];
  using queue = createWorkQueue<number>({
    work: (key) => order.push(`work ${key}`),
    idle: () => {},
    turnMilliseconds: 0,
  });
  queue.add([1, 2]);
  setImmediate(() => order.push("others"));
  await queue.settled();
  while (order.length < 3) await Bun.sleep(1);
  expect(order.indexOf("others")).toBeLessThan(2);
});

test("after the end nothing is done", async () => {
  const done: string[] = [];
  const queue = createWorkQueue<string>({ work: (key) => done.push(key), idle: () => done.push("idle") });
  queue.add(["a"]);
  queue[Symbol.dispose]();
  queue.add(["b"]);
  await queue.settled();
  expect(done).toEqual([]);
});
