// A process of its own: `bun watch-process.ts SETTINGS`. Watches and tells of every line when it came and what it is about:
// what any watch of this API server costs, whoever reads it.
import { writeSync } from "node:fs";
import { monotonicMilliseconds } from "../../native/monotonic-clock.ts";
import { type ApiAccess, apiSession } from "./api-session.ts";
import { eventKey } from "./watch-line.ts";

export interface WatchSettings {
  readonly access: ApiAccess;
  /** Of the collections. */
  readonly paths: readonly string[];
}

export type WatchAnswer =
  | { readonly kind: "watching"; readonly path: string }
  | { readonly kind: "seen"; readonly key: string; readonly at: number };

const { access, paths } = JSON.parse(process.argv[2] ?? "{}") as WatchSettings;
const call = apiSession(access);

function say(answer: WatchAnswer): void {
  writeSync(1, `${JSON.stringify(answer)}\n`);
}

async function watch(path: string): Promise<never> {
  const list = await call({ method: "GET", path: `${path}?limit=1` });
  const { metadata } = (await list.json()) as { readonly metadata: { readonly resourceVersion: string } };
  const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`;
  const response = await call({ method: "GET", path: `${path}?${query}` });
  if (!response.ok || response.body === null) throw new Error(`the watch of ${path}: ${response.status}`);
  say({ kind: "watching", path });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body) {
    const at = monotonicMilliseconds();
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) say({ kind: "seen", key: eventKey(line), at });
  }
  throw new Error(`the watch of ${path} ended`);
}

await Promise.all(paths.map(watch));
