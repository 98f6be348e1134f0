import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { answer, type Served } from "./answer.ts";
import { BodyWriter } from "./body-writer.ts";
import type { FaultScript, SeenRequest } from "./fault.ts";
import type { ApiServerOptions } from "./options.ts";
import { servedKind, SERVED, targetOf } from "./resources.ts";
import { type ApiObject, keyOf, ObjectStore, type Snapshot } from "./store.ts";

export type { Fault, FaultScript, SeenRequest } from "./fault.ts";
export type { ApiServerOptions } from "./options.ts";
export type { ApiObject, Snapshot } from "./store.ts";

/** A Kubernetes API server for tests: pods, namespaces, nodes, networkpolicies, and faults on demand. */
export interface ApiServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; the port stays the same over `stop` and `start`. */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** The version of the last change. */
  readonly version: number;
  /** Watches open at the moment, of one resource or of all. */
  watches(resource?: string): number;
  /** The objects as they are stored, ordered by key. */
  objects(kind: string): readonly ApiObject[];
  /** Makes or replaces an object, and tells it to the watches. */
  apply(object: ApiObject): void;
  /** By `name` or `namespace/name`. */
  remove(kind: string, key: string): void;
  /** Afterwards there are these objects and no others, of all kinds. */
  replaceAll(objects: Iterable<ApiObject>): void;
  /** A BOOKMARK to every open watch that allows them. */
  bookmark(resource?: string): void;
  /** Any text to every open watch, for example a line of garbage. */
  say(text: string, resource?: string): void;
  /** Ends every open watch cleanly. */
  endWatches(resource?: string): void;
  /** Forgets old changes: watches from before, and `continue` tokens, are 410 from now on. */
  compact(): void;
  snapshot(): Snapshot;
  /** Goes back to an older state and an older version without a word, as when etcd is restored. */
  restore(snapshot: Snapshot): void;
  /** Asked for each request; replaces the script before. */
  faults(script: FaultScript | undefined): void;
  /** Takes connections and requests and says nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Closes every connection in the middle of what it does. */
  breakConnections(): void;
  /** Connections are refused until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  forgetRequests(): void;
}

function seenRequest(request: IncomingMessage): SeenRequest {
  const url = new URL(request.url ?? "/", "http://server");
  const query = Object.fromEntries(url.searchParams);
  const target = targetOf(url.pathname);
  const verb = /^\/(?:ready|live|health)z$/.test(url.pathname)
    ? "probe"
    : target === undefined
      ? "other"
      : target.name !== undefined
        ? "get"
        : ["1", "true"].includes(query["watch"] ?? "")
          ? "watch"
          : "list";
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = value?.toString();
  const resource = target?.resource.name ?? "";
  return { method: request.method ?? "GET", path: url.pathname, query, verb, resource, headers };
}

/** Plain HTTP on loopback, on a port of the system's choice. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const store = new ObjectStore();
  const served: Served = { store, pages: new Map(), watches: new Set(), options };
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let script: FaultScript | undefined;
  let frozen: { readonly thawed: Promise<void>; readonly thaw: () => void } | undefined;
  let server: Server | undefined;
  let port = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = seenRequest(request);
    requests.push(seen);
    const fault = script?.(seen);
    await frozen?.thawed;
    const body = new BodyWriter(response, fault, async () => frozen?.thawed);
    if (fault?.kind === "freeze") return;
    if (fault?.kind === "break" && fault.afterBytes === undefined) {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === "status") {
      await body.begin(fault.status, fault.headers ?? {});
      await body.write(fault.body ?? "");
    } else {
      await answer(served, seen, body);
    }
    body.end();
  }

  function breakConnections(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function start(): Promise<void> {
    if (server !== undefined) return;
    const made = createServer((request, response) => {
      // What goes wrong here is an answer that breaks off, which tests see.
      serve(request, response).catch(() => request.socket.destroy());
    });
    made.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      made.once("error", reject);
      made.listen(port, "127.0.0.1", resolve);
    });
    const address = made.address();
    if (typeof address === "object" && address !== null) port = address.port;
    server = made;
  }

  async function stop(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    closing.closeAllConnections();
    breakConnections();
    await closed;
  }

  function* open(resource: string | undefined) {
    for (const watch of served.watches) {
      if (resource === undefined || watch.resource.name === resource) yield watch;
    }
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get version() {
      return store.version;
    },
    watches: (resource) => [...open(resource)].length,
    objects(kind) {
      const { apiVersion, ...resource } = servedKind(kind);
      const all = [...store.all({ apiVersion, ...resource }).values()];
      const sorted = all.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      return sorted.map(({ text }) => ({ apiVersion, kind, ...JSON.parse(text) }) as ApiObject);
    },
    apply: (object) => void store.apply(object),
    remove: (kind, key) => void store.remove(kind, key),
    replaceAll(objects) {
      const kept = new Map<string, Set<string>>(SERVED.map(({ kind }) => [kind, new Set()]));
      for (const object of objects) {
        store.apply(object);
        kept.get(object.kind)?.add(keyOf(object));
      }
      for (const resource of SERVED) {
        const gone = [...store.all(resource).keys()].filter((key) => !kept.get(resource.kind)?.has(key));
        for (const key of gone) store.remove(resource.kind, key);
      }
    },
    bookmark(resource) {
      for (const watch of open(resource)) watch.bookmark();
    },
    say(text, resource) {
      for (const watch of open(resource)) watch.say(text);
    },
    endWatches(resource) {
      for (const watch of open(resource)) watch.end();
    },
    compact() {
      store.compact();
      served.pages.clear();
    },
    snapshot: () => store.snapshot(),
    restore(snapshot) {
      store.restore(snapshot);
      served.pages.clear();
    },
    faults(next) {
      script = next;
    },
    freeze() {
      if (frozen !== undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      frozen = { thawed: promise, thaw: resolve };
    },
    thaw() {
      frozen?.thaw();
      frozen = undefined;
    },
    breakConnections,
    stop,
    start,
    forgetRequests() {
      requests.length = 0;
    },
    async [Symbol.asyncDispose]() {
      frozen?.thaw();
      await stop();
    },
  };
}
