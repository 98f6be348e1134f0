import { expect, test } from "bun:test";
import type { NftablesEventsOptions } from "../../native/nftables-events.ts";
import { watchTable } from "./table-watch.ts";
import { collectedLog, until } from "../test-parts.ts";

const OURS = 1;
const FOREIGN = 2;

function watch(options: { readonly broken?: number } = {}) {
  let broken = options.broken ?? 0;
  let changes = 0;
  const opened: NftablesEventsOptions[] = [];
  let closed = 0;
  const watching = watchTable({
    changed: () => changes++,
    log: collectedLog().log,
    openEvents: (events) => {
      if (broken-- > 0) return Promise.reject(new Error("no netlink"));
      opened.push(events);
      return Promise.resolve({ [Symbol.dispose]: () => void closed++ });
    },
    ownPorts: () => new Set([OURS]),
    gatherMilliseconds: 1,
    pauseMilliseconds: 5,
    retryMilliseconds: 1,
  });
  const event = (portId: number, table = "tortie", family = 1): void =>
    opened.at(-1)?.changed([{ family, table, portId }]);
  return { watching, event, opened, changes: () => changes, closed: () => closed };
}

test("only changes of our table by others are told", async () => {
  const { watching, event, changes } = watch();
  event(OURS);
  event(FOREIGN, "calico");
  event(FOREIGN, "tortie", 2);
  await Bun.sleep(5);
  expect(changes()).toBe(0);
  event(FOREIGN);
  await until(() => changes() === 1);
  watching[Symbol.dispose]();
});

test("changes that come together are told once, later ones again", async () => {
  const { watching, event, changes } = watch();
  for (let time = 0; time < 10; time++) event(FOREIGN);
  await until(() => changes() > 0);
  await Bun.sleep(10);
  expect(changes()).toBe(1);
  for (let time = 0; time < 10; time++) event(FOREIGN);
  await until(() => changes() === 2);
  watching[Symbol.dispose]();
});

test("lost events are a change, and are opened anew", async () => {
  const { watching, opened, changes } = watch();
  opened[0]?.lost("ENOBUFS");
  await until(() => changes() === 1 && opened.length === 2);
  watching[Symbol.dispose]();
});

test("events that cannot be had are a change each time that it is tried", async () => {
  const { watching, opened, changes } = watch({ broken: 2 });
  await until(() => opened.length === 1 && changes() > 0);
  watching[Symbol.dispose]();
});

test("closing closes the events, also those that were being opened", async () => {
  const { watching, closed } = watch();
  watching[Symbol.dispose]();
  await until(() => closed() === 1);
});
