import { expect, test } from "bun:test";
import { gatherEvents } from "./gather-events.ts";

/** Gathers with a list of what happened in which order, and a wait for so many calls. */
function start(options: { readonly pauseMilliseconds?: number; readonly changed?: () => void } = {}) {
  const order: string[] = [];
  const events = gatherEvents({
    gatherMilliseconds: 1,
    pauseMilliseconds: 0,
    ...options,
    changed: () => {
      order.push("changed");
      options.changed?.();
    },
  });
  const calls = async (count: number): Promise<void> => {
    while (order.filter((entry) => entry === "changed").length < count) await Bun.sleep(1);
  };
  return { events, order, calls };
}

test("events that come together are told once, not inside the event, and later ones again", async () => {
  const { events, order, calls } = start();
  for (let time = 0; time < 10; time++) events.tell();
  expect(order).toEqual([]);
  await calls(1);
  await Bun.sleep(5);
  expect(order).toEqual(["changed"]);
  for (let time = 0; time < 10; time++) events.tell();
  await calls(2);
  events[Symbol.dispose]();
});

test("the first call waits for nothing but the gathering, the second one for the pause", async () => {
  const { events, order, calls } = start({ pauseMilliseconds: 200 });
  setTimeout(() => order.push("much later"), 100);
  events.tell();
  await calls(1);
  events.tell();
  await calls(2);
  expect(order).toEqual(["changed", "much later", "changed"]);
  events[Symbol.dispose]();
});

test("an event inside the call leads to another one", async () => {
  let times = 0;
  const { events, order, calls } = start({
    changed: () => {
      if (++times < 3) events.tell();
    },
  });
  events.tell();
  await calls(3);
  await Bun.sleep(5);
  expect(order).toHaveLength(3);
  events[Symbol.dispose]();
});

test("once it is closed nothing is told, neither what was gathered nor what comes", async () => {
  const { events, order } = start();
  events.tell();
  events[Symbol.dispose]();
  events.tell();
  await Bun.sleep(10);
  expect(order).toEqual([]);
});
