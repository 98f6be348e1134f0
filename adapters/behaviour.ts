import { afterEach, expect, test } from "bun:test";
import type { Problem } from "../model/problem.ts";
import {
  emptyClusterState,
  fold,
  type MutableClusterState,
  type Update,
  updateName,
} from "../model/update.ts";
import type { Datastore, DatastoreEvent } from "./datastore.ts";

/** A datastore that the suite may fill, empty and close. */
export interface OpenedDatastore extends AsyncDisposable {
  readonly datastore: Datastore;
  /** Makes these Kubernetes objects all that the store holds. */
  replace(objects: readonly unknown[]): Promise<void>;
}

/** Reads a datastore as the agent does: everything folded, every event kept. */
export interface Follower {
  readonly events: DatastoreEvent[];
  readonly state: MutableClusterState;
  readonly problems: readonly Problem[];
  /** Resolves when `condition` holds after some event, or when the iteration has ended; the test's time limit ends the rest. */
  until(condition: () => boolean): Promise<void>;
  /** Aborts, and resolves when the iteration has ended. */
  stop(): Promise<void>;
}

export function follow(datastore: Datastore): Follower {
  const stopping = new AbortController();
  const events: DatastoreEvent[] = [];
  const state = emptyClusterState();
  let problems: readonly Problem[] = [];
  const end = { reached: false };
  let came = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of datastore.watch(stopping.signal)) {
      events.push(event);
      if (event.kind === "updates") for (const update of event.updates) fold(state, update);
      if (event.kind === "problems") problems = event.problems;
      came.resolve();
      came = Promise.withResolvers();
    }
    end.reached = true;
  })();
  return {
    events,
    state,
    get problems() {
      return problems;
    },
    async until(condition) {
      while (!condition() && !end.reached) await Promise.race([came.promise, ended]);
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

export function pod(name: string, address: string, labels: Record<string, string> = {}): unknown {
  const metadata = { name, namespace: "x", labels };
  return { apiVersion: "v1", kind: "Pod", metadata, status: { podIPs: [{ ip: address }] } };
}

export function networkPolicy(name: string, spec: unknown): unknown {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: "x" },
    spec,
  };
}

export function namespace(name: string, labels: Record<string, string> = {}): unknown {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

const kinds = (events: readonly DatastoreEvent[]): string[] => events.map((event) => event.kind);

/** What was told, without how long it took: the first reading may come in many updates, and be waited for before. */
function gist(events: readonly DatastoreEvent[]): string[] {
  const told = kinds(events.filter((event) => event.kind !== "status" || event.status.kind !== "waiting"));
  const synced = told.indexOf("inSync");
  return told.filter((kind, at) => kind !== "updates" || at > synced || told[at + 1] !== "updates");
}

function lastUpdates(events: readonly DatastoreEvent[]): readonly Update[] {
  return events.findLast((event) => event.kind === "updates")?.updates ?? [];
}

/** What every datastore owes its readers. */
export function datastoreBehaviour(name: string, open: () => Promise<OpenedDatastore>): void {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function start(objects?: readonly unknown[]): Promise<Follower & OpenedDatastore> {
    const opened = await open();
    closing.push(async () => opened[Symbol.asyncDispose]());
    if (objects !== undefined) await opened.replace(objects);
    const follower = follow(opened.datastore);
    closing.push(() => follower.stop());
    return Object.assign(follower, opened);
  }
  const synced = (follower: Follower) => (): boolean => kinds(follower.events).includes("inSync");
  const addresses = (follower: Follower, id: string): readonly string[] | undefined =>
    [...follower.state.endpoints.values()].find((endpoint) => endpoint.id === id)?.addresses;

  test(`${name}: what is there comes before inSync, which comes once`, async () => {
    const store = await start([namespace("x"), pod("a", "10.0.0.1"), networkPolicy("deny", {})]);
    await store.until(synced(store));
    expect(gist(store.events)).toEqual(["updates", "status", "inSync"]);
    expect([...store.state.endpoints.keys(), ...store.state.policies.keys()].map(String)).toEqual([
      "x/a",
      "NetworkPolicy/x/deny",
    ]);
    await store.replace([pod("b", "10.0.0.2")]);
    await store.until(() => store.state.endpoints.size === 1 && addresses(store, "x/b") !== undefined);
    const later = kinds(store.events).slice(kinds(store.events).indexOf("inSync") + 1);
    expect(new Set(later.filter((kind) => kind !== "status"))).toEqual(new Set(["updates"]));
  });

  test(`${name}: an empty store is in sync too`, async () => {
    const store = await start([]);
    await store.until(synced(store));
    expect(gist(store.events)).toEqual(["status", "inSync"]);
  });

  test(`${name}: nothing is in sync before there is something to read`, async () => {
    const store = await start();
    await store.until(() => store.events.length > 0);
    for (const event of store.events) {
      expect(event).toMatchObject({ kind: "status", status: { kind: "waiting" } });
    }
    await store.replace([pod("a", "10.0.0.1")]);
    await store.until(synced(store));
    expect(addresses(store, "x/a")).toEqual(["10.0.0.1"]);
  });

  test(`${name}: a delete that shows only in a new listing arrives`, async () => {
    const store = await start([namespace("x"), pod("a", "10.0.0.1"), pod("b", "10.0.0.2")]);
    await store.until(synced(store));
    await store.replace([namespace("x"), pod("a", "10.0.0.1")]);
    await store.until(() => store.state.endpoints.size === 1);
    expect(lastUpdates(store.events)).toMatchObject([{ kind: "endpoint", id: "x/b", value: undefined }]);
  });

  test(`${name}: a changed object replaces the one before, and nothing else is told`, async () => {
    const store = await start([pod("a", "10.0.0.1", { v: "1" }), pod("b", "10.0.0.2")]);
    await store.until(synced(store));
    await store.replace([pod("a", "10.0.0.1", { v: "2" }), pod("b", "10.0.0.2")]);
    await store.until(() => kinds(store.events).at(-1) === "updates");
    expect(lastUpdates(store.events)).toMatchObject([{ id: "x/a", value: { labels: { v: "2" } } }]);
    expect(lastUpdates(store.events)).toHaveLength(1);
  });

  test(`${name}: an address that moves between pods does so in one event`, async () => {
    const store = await start([pod("a", "10.0.0.1"), pod("b", "10.0.0.2")]);
    await store.until(synced(store));
    await store.replace([pod("b", "10.0.0.1"), pod("c", "10.0.0.2")]);
    await store.until(() => addresses(store, "x/c") !== undefined);
    const told = lastUpdates(store.events).map(updateName);
    expect(told.toSorted()).toEqual(["x/a", "x/b", "x/c"]);
    expect(addresses(store, "x/b")).toEqual(["10.0.0.1"]);
  });

  test(`${name}: problems are told whole, and told when they end`, async () => {
    const bad = { podSelector: {}, ingress: [{ from: [{}] }] };
    const store = await start([networkPolicy("one", bad), networkPolicy("two", bad)]);
    await store.until(() => store.problems.length === 2 && synced(store)());
    await store.replace([networkPolicy("one", {}), networkPolicy("two", bad)]);
    await store.until(() => store.problems.length === 1);
    expect(store.problems).toMatchObject([
      { path: expect.stringContaining("spec.ingress[0].from[0]"), value: "{}" },
    ]);
    await store.replace([networkPolicy("one", {}), networkPolicy("two", {})]);
    await store.until(() => store.problems.length === 0);
  });

  test(`${name}: a namespace in use exists with the label of its name, until it is written down or out of use`, async () => {
    const store = await start([pod("a", "10.0.0.1")]);
    const labels = (): unknown => store.state.namespaces.get("x")?.labels;
    await store.until(synced(store));
    expect(labels()).toEqual({ "kubernetes.io/metadata.name": "x" });
    await store.replace([pod("a", "10.0.0.1"), namespace("x", { team: "red" })]);
    await store.until(() => Object.keys(labels() ?? {}).length === 2);
    await store.replace([]);
    await store.until(() => store.state.namespaces.size === 0);
  });

  test(`${name}: two readers are both told everything`, async () => {
    const store = await start([pod("a", "10.0.0.1")]);
    const other = follow(store.datastore);
    closing.push(() => other.stop());
    await store.until(synced(store));
    await other.until(synced(other));
    await store.replace([pod("b", "10.0.0.1")]);
    await store.until(() => addresses(store, "x/b") !== undefined);
    await other.until(() => addresses(other, "x/b") !== undefined);
  });

  test(`${name}: who can be asked for one pod answers what there is, and without a reader that nothing can be told`, async () => {
    const opened = await open();
    closing.push(async () => opened[Symbol.asyncDispose]());
    const never = new AbortController().signal;
    const ask = async (one: string): Promise<string | undefined> =>
      (await opened.datastore.lookUp?.("x", one, never))?.kind;
    const unread = await ask("a");
    const store = await start([pod("a", "10.0.0.1")]);
    await store.until(synced(store));
    const [there, missing] = [
      await store.datastore.lookUp?.("x", "a", never),
      await store.datastore.lookUp?.("x", "b", never),
    ];
    const known = store.datastore.lookUp === undefined ? [] : ["unreadable", "found", "absent"];
    expect([unread, there?.kind, missing?.kind].filter((kind) => kind !== undefined)).toEqual(known);
    expect(addresses(store, "x/a")).toEqual(["10.0.0.1"]);
  });

  test(`${name}: stopping ends the iteration, at rest, before it begins and between events`, async () => {
    const store = await start([pod("a", "10.0.0.1")]);
    await store.until(synced(store));
    await store.stop();
    const aborted = store.datastore.watch(AbortSignal.abort());
    for await (const event of aborted) throw new Error(`told ${event.kind} after the end`);
    const stopping = new AbortController();
    for await (const event of store.datastore.watch(stopping.signal)) {
      expect(event.kind).not.toBe("inSync");
      if (event.kind === "status") stopping.abort();
    }
  });
}
