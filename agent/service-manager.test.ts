import { expect, test } from "bun:test";
import { tellServiceManager } from "./service-manager.ts";
import { until } from "../test/agent/running-agent.ts";

interface Told {
  readonly path: string;
  readonly message: string;
}

function listening(): { told: Told[]; send: (path: string, message: string) => boolean } {
  const told: Told[] = [];
  return { told, send: (path, message) => told.push({ path, message }) > 0 };
}

const SOCKET = { NOTIFY_SOCKET: "/run/systemd/notify" };
const WATCHED = { ...SOCKET, WATCHDOG_USEC: "3000", WATCHDOG_PID: String(process.pid) };
const live = (): boolean => true;

test("systemd hears of the start and of the end", () => {
  const { told, send } = listening();
  tellServiceManager({ environment: SOCKET, live, send })[Symbol.dispose]();
  const path = SOCKET.NOTIFY_SOCKET;
  expect(told).toEqual([
    { path, message: "READY=1" },
    { path, message: "STOPPING=1" },
  ]);
});

test("whoever is not asked says nothing", () => {
  const { told, send } = listening();
  for (const environment of [{}, { NOTIFY_SOCKET: "" }])
    tellServiceManager({ environment, live, send })[Symbol.dispose]();
  expect(told).toEqual([]);
});

test("it says that it lives as long as liveness does", async () => {
  const { told, send } = listening();
  let [lives, asked] = [true, 0];
  const ask = (): boolean => {
    asked += 1;
    return lives;
  };
  using _ = tellServiceManager({ environment: WATCHED, live: ask, send });
  const words = (): number => told.filter(({ message }) => message === "WATCHDOG=1").length;
  await until(() => words() > 2);
  lives = false;
  const [wordsBefore, askedBefore] = [words(), asked];
  await until(() => asked > askedBefore + 3);
  expect(words()).toBe(wordsBefore);
  lives = true;
  await until(() => words() > wordsBefore);
});

test.each([
  ["another process is watched", { WATCHDOG_USEC: "3000", WATCHDOG_PID: "1" }],
  ["nobody is", { WATCHDOG_USEC: "0" }],
])("no word where %s", async (_, watchdog) => {
  const [quiet, watched] = [listening(), listening()];
  using _quiet = tellServiceManager({ environment: { ...SOCKET, ...watchdog }, live, send: quiet.send });
  using _watched = tellServiceManager({ environment: WATCHED, live, send: watched.send });
  await until(() => watched.told.length > 3);
  expect(quiet.told.map(({ message }) => message)).toEqual(["READY=1"]);
});
