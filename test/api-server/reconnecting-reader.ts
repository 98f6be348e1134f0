import { readdirSync } from "node:fs";
import type { KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import { listWatch } from "../../adapters/kubernetes/reading/list-watch.ts";
import { openClient } from "../../adapters/kubernetes/connection/open-client.ts";

/** What a process holds. */
export interface Holding {
  readonly residentBytes: number;
  readonly descriptors: number;
}

/** What `reconnecting-reader.ts URL COUNT` prints: after the first part of the requests, and after all. */
export interface ReconnectingReport {
  readonly warm: Holding;
  readonly end: Holding;
}

/** How many equal parts the requests come in; the first is the warm-up. */
const PARTS = 4;

async function holding(): Promise<Holding> {
  // Sockets that were closed a moment ago have their turn, and what is garbage is not counted.
  await Bun.sleep(100);
  Bun.gc(true);
  return { residentBytes: process.memoryUsage.rss(), descriptors: readdirSync("/proc/self/fd").length };
}

async function main(server: string, count: number): Promise<ReconnectingReport> {
  const real = await openClient({ endpoint: server });
  const stopping = new AbortController();
  let requests = 0;
  let warm: Holding | undefined;
  const client: KubernetesClient = {
    server: real.server,
    notices: [],
    async request(request) {
      requests++;
      if (requests === Math.ceil(count / PARTS)) warm = await holding();
      if (requests >= count) stopping.abort();
      return real.request(request);
    },
    [Symbol.dispose]: () => real[Symbol.dispose](),
  };
  const resource = { name: "namespaces", path: "/api/v1/namespaces", apiVersion: "v1", kind: "Namespace" };
  const pace = { random: () => 0 };
  const options = { client, resource, read: () => 1, stopping: stopping.signal, pace };
  for await (const _event of listWatch(options)) if (stopping.signal.aborted) break;
  const end = await holding();
  if (warm === undefined) throw new Error(`it ended after ${requests} of ${count} requests`);
  return { warm, end };
}

if (import.meta.main) {
  const [server = "", count = ""] = process.argv.slice(2);
  const report = await main(server, Number(count));
  process.stdout.write(JSON.stringify(report));
}
