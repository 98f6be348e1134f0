import type { ApiRequest, KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import { INITIAL_EVENTS_END, watchLine } from "./watch-lines.ts";

/** What one resource's watch tells. */
export interface ScriptedResource {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly objects: readonly ApiObject[];
}

/** An API server's answers without a network: streaming lists, and lines as somebody pushes them. */
export interface ScriptedClient extends KubernetesClient {
  /** The next bytes of the watch of that path. */
  push(path: string, bytes: Uint8Array): void;
}

const LINES_PER_CHUNK = 20;

function* initialChunks({ objects, apiVersion, kind }: ScriptedResource): Generator<Uint8Array> {
  for (let at = 0; at < objects.length; at += LINES_PER_CHUNK) {
    const lines = objects.slice(at, at + LINES_PER_CHUNK).map((object) => watchLine("ADDED", object));
    yield Buffer.concat(lines);
  }
  const metadata = { name: "", annotations: INITIAL_EVENTS_END };
  yield watchLine("BOOKMARK", { apiVersion, kind, metadata });
}

export function scriptedClient(resources: readonly ScriptedResource[]): ScriptedClient {
  const watches = new Map<string, ReadableStreamDefaultController<Uint8Array>>();

  function watchOf(resource: ScriptedResource, signal: AbortSignal): Response {
    const chunks = initialChunks(resource);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      },
      pull(controller) {
        const { value } = chunks.next();
        if (value === undefined) watches.set(resource.path, controller);
        else controller.enqueue(value);
      },
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  }

  return {
    server: "the bench",
    notices: [],
    async request({ path, signal }: ApiRequest) {
      const resource = resources.find((one) => one.path === path);
      return resource === undefined ? new Response("ok") : watchOf(resource, signal);
    },
    push(path, bytes) {
      const watch = watches.get(path);
      if (watch === undefined) throw new Error(`nobody watches ${path}`);
      watch.enqueue(bytes);
    },
    [Symbol.dispose]: () => {},
  };
}
