import { expect, test } from "bun:test";
import type { Datastore, DatastoreStatus } from "../adapters/datastore.ts";
import { NotInSyncError, readState } from "./read-state.ts";

/** Says one status, and is in sync after a while; undefined: never. */
function datastore(status: DatastoreStatus, inSyncAfter: number | undefined): Datastore {
  return {
    async *watch(stopping) {
      yield { kind: "status", status };
      const stopped = Promise.withResolvers<void>();
      stopping.addEventListener("abort", () => stopped.resolve());
      if (inSyncAfter !== undefined) setTimeout(() => stopped.resolve(), inSyncAfter);
      await stopped.promise;
      if (!stopping.aborted) yield { kind: "inSync" };
    },
  };
}

const WAITING = {
  kind: "waiting",
  for: "the first list of pods",
  next: "nothing: it is on its way",
} as const;
const PATIENCE = { milliseconds: 600_000, waitingMilliseconds: 1 };

test("a datastore that takes its time is waited for", async () => {
  const slow: string[] = [];
  const options = { ...PATIENCE, slow: (what: string) => void slow.push(what) };
  const { state } = await readState(datastore({ ...WAITING, causes: [] }, 50), options);
  expect(state.endpoints.size).toBe(0);
  expect(slow).toEqual(["the first list of pods"]);
});

test.each([
  ["says what is wrong", { ...WAITING, causes: ["it does not answer"] }],
  ["waits without saying of what it is made", WAITING],
])("a datastore that %s is given up soon", async (_, status) => {
  const outcome: unknown = await readState(datastore(status, undefined), PATIENCE).catch(
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(NotInSyncError);
});

test("and none is waited for without end", async () => {
  const endless = datastore({ ...WAITING, causes: [] }, undefined);
  const outcome = readState(endless, { ...PATIENCE, milliseconds: 1 }).catch(String);
  expect(await outcome).toContain("the datastore could not be read: waiting for the first list of pods");
});
