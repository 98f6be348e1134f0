import type { KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import type { ListWatchEvent } from "../../adapters/kubernetes/reading/list-watch-event.ts";
import { listWatch } from "../../adapters/kubernetes/reading/list-watch.ts";
import type { Pace } from "../../adapters/kubernetes/reading/pace.ts";
import type { WatchedResource } from "../../adapters/kubernetes/reading/watched-resource.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { ApiObject, ApiServer } from "./api-server.ts";
import { plainClient } from "./plain-client.ts";

export const NAMESPACES: WatchedResource = {
  name: "namespaces",
  path: "/api/v1/namespaces",
  apiVersion: "v1",
  kind: "Namespace",
};

export const PODS: WatchedResource = {
  name: "pods",
  path: "/api/v1/pods",
  apiVersion: "v1",
  kind: "Pod",
  query: { fieldSelector: "status.phase!=Succeeded,spec.hostNetwork=false" },
  plainerQueries: [{ fieldSelector: "status.phase!=Succeeded" }, {}],
};

/** The order of the real durations, a thousandth of their length; the dice always fall in the middle. */
export const FAST: Partial<Pace> = {
  random: () => 0.5,
  longestWatch: 20_000,
  longestAnswer: 5000,
  streamingPatience: 5000,
  firstBackOff: 2,
  longestBackOff: 20,
  steady: 100,
  shortWatch: 5,
  relistSpread: 10,
  silence: 5000,
  probeEvery: 5000,
  longestProbe: 1000,
  bookmarkSilence: 10_000,
  versionCheckEvery: 10_000,
};

/** What is kept of an object in these tests: all of it. */
export type Seen = ApiObject;

function keyOf({ metadata }: Seen): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

/** Somebody who reads one resource, and believes all that he is told. */
export interface Follower extends AsyncDisposable {
  readonly events: readonly ListWatchEvent<Seen>[];
  /** As told last; a listing counts when it is whole. */
  readonly items: readonly Seen[];
  /** Kinds of the events so far, with runs of the same kind once. */
  readonly kinds: readonly string[];
  /** Resolves when it holds; fails with what was told instead. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Nothing is read while it is paused. */
  paused: boolean;
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly resource?: WatchedResource;
  readonly pace?: Partial<Pace>;
  readonly client?: KubernetesClient;
}

export function follow(server: ApiServer, options: FollowOptions = {}): Follower {
  const { resource = NAMESPACES, pace = {}, client = plainClient(server.url) } = options;
  const stopping = new AbortController();
  const events: ListWatchEvent<Seen>[] = [];
  let items = new Map<string, Seen>();
  let listing = new Map<string, Seen>();
  let failure: unknown;

  function take(event: ListWatchEvent<Seen>): void {
    switch (event.kind) {
      case "listing":
        listing = new Map();
        return;
      case "items":
        for (const item of event.items) listing.set(keyOf(item), item);
        return;
      case "listed":
        items = listing;
        return;
      case "changes":
        for (const { item, gone } of event.changes) {
          if (gone) items.delete(keyOf(item));
          else items.set(keyOf(item), item);
        }
        return;
      case "trouble":
      case "well":
        return;
      default:
        unreachable(event);
    }
  }

  const follower = {
    events,
    get items(): readonly Seen[] {
      return [...items.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    },
    get kinds(): readonly string[] {
      return events.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
    },
    paused: false,
    async until(what: string, holds: () => boolean): Promise<void> {
      for (const end = performance.now() + 4500; performance.now() < end; await Bun.sleep(1)) {
        if (failure !== undefined) throw failure;
        if (holds()) return;
      }
      throw new Error(`${what} did not come; told so far: ${JSON.stringify(events.slice(-20))}`);
    },
    async stop(): Promise<void> {
      stopping.abort();
      await reading;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await follower.stop();
    },
  };

  async function readAll(): Promise<void> {
    const read = (object: unknown): Seen => object as Seen;
    const all = { client, resource, read, stopping: stopping.signal, pace: { ...FAST, ...pace } };
    for await (const event of listWatch(all)) {
      events.push(event);
      take(event);
      while (follower.paused && !stopping.signal.aborted) await Bun.sleep(1);
    }
  }
  const reading = readAll().catch((error: unknown) => {
    failure = error;
  });
  return follower;
}

/** Each request as one line: verb, then its query without what narrows the resource. */
export function asked(server: ApiServer): readonly string[] {
  return server.requests.map(({ verb, query }) => {
    const rest = Object.entries(query).filter(([name]) => name !== "fieldSelector" && name !== "watch");
    return [verb, ...rest.map(([name, value]) => `${name}=${value}`)].join(" ");
  });
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): ApiObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export function pod(name: string, phase: string, spec: object = {}): ApiObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop" }, spec, status: { phase } };
}
