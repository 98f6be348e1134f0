import type { Datastore, DatastoreEvent } from "../adapters/datastore.ts";
import type { Dataplane, DataplaneStatus, Settled } from "../dataplane/dataplane.ts";
import { endpointId, type Endpoint } from "../model/endpoint.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { Update } from "../model/update.ts";
import { type Log, openLog } from "./log.ts";

export const APPLIED: Extract<Settled, { readonly kind: "applied" }> = {
  kind: "applied",
  commands: 1,
  milliseconds: 1,
  inForceAt: 1,
  rebuilt: false,
};
export const FAILED: Settled = { kind: "failed", tried: "send", found: "EPERM", next: "it is tried again" };

/** An endpoint of this node that no policy selects. */
export function endpointUpdate(name: string): Update {
  const value: Endpoint = {
    id: endpointId("x", name),
    namespace: "x",
    uidOrder: 0,
    labels: {},
    addresses: [],
    ports: [],
    attachment: { kind: "address" },
    finished: false,
    deleting: false,
    startedAt: 0,
  };
  return { kind: "endpoint", id: value.id, value };
}

export interface FakeDataplane extends Dataplane {
  /** Endpoints of the wish at each `settle`. */
  readonly passes: readonly (readonly string[])[];
  readonly resyncs: number;
  /** Ends the pass that runs, with this outcome. */
  finish(settled: Settled): void;
  /** Resolves when that many passes have begun. */
  begun(count: number): Promise<void>;
  fail(error: Error): void;
  /** Called when a pass has begun. */
  begins: () => void;
  status: DataplaneStatus;
}

/** Settles when it is told to. */
export function fakeDataplane(): FakeDataplane {
  const passes: string[][] = [];
  let resyncs = 0;
  let ruleset: Ruleset | undefined;
  let running: PromiseWithResolvers<Settled> | undefined;
  let waiters: { readonly count: number; readonly resolve: () => void }[] = [];
  const dataplane: FakeDataplane = {
    passes,
    begins: () => {},
    get resyncs() {
      return resyncs;
    },
    want: (wish) => void (ruleset = wish),
    settle() {
      passes.push([...(ruleset?.endpoints.keys() ?? [])].toSorted());
      running = Promise.withResolvers<Settled>();
      for (const { count, resolve } of waiters) if (passes.length >= count) resolve();
      waiters = waiters.filter(({ count }) => passes.length < count);
      dataplane.begins();
      return running.promise;
    },
    tidied: async () => {},
    resync: () => void resyncs++,
    finish: (settled) => running?.resolve(settled),
    fail: (error) => running?.reject(error),
    begun(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (passes.length >= count) resolve();
      else waiters.push({ count, resolve });
      return promise;
    },
    status: {
      epoch: 1,
      ownership: "owned",
      ownershipNote: "",
      lastError: undefined,
      refused: [],
      grace: false,
      graceEndsAt: undefined,
      chains: 1,
      sets: 2,
      elements: 3,
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return dataplane;
}

/** Emits what it is told; ends when it is stopped or ended. */
export function fakeDatastore(): Datastore & { emit(...events: DatastoreEvent[]): void; end(): void } {
  const stream = new TransformStream<DatastoreEvent, DatastoreEvent>(undefined, { highWaterMark: 1_000 });
  const writer = stream.writable.getWriter();
  const end = (): void => void writer.close().catch(() => {});
  return {
    emit: (...events) => events.forEach((event) => void writer.write(event)),
    end,
    watch(stopping) {
      stopping.addEventListener("abort", end);
      return stream.readable;
    },
  };
}

/** A log and the lines that went into it. */
export function collectedLog(): {
  readonly log: Log;
  readonly messages: () => string[];
  readonly text: () => string;
} {
  const chunks: string[] = [];
  const log = openLog({ sink: { write: (chunk) => chunks.push(chunk), flush: () => 0 }, level: "debug" });
  const lines = (): { message: string }[] =>
    chunks
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { message: string });
  return { log, messages: () => lines().map(({ message }) => message), text: () => chunks.join("") };
}

/** Waits until it holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(1);
}
