// A process of its own: `bun fill-process.ts SETTINGS`. Puts a cluster into etcd as the API server would have it there, many
// objects a transaction: through the API server two requests a pod would take minutes. Tells how many at the end.
import type { ApiObject } from "../../test/api-server/store.ts";
import type { ClusterSize } from "../scripted-cluster/cluster-size.ts";
import { clusterObjects } from "../scripted-cluster/objects.ts";
import { stageObjects } from "./stage.ts";
import { storedObject, type StoredObject } from "./stored-object.ts";

export interface FillSettings {
  /** The URL of etcd. */
  readonly etcd: string;
  readonly size: ClusterSize;
}

export interface FillAnswer {
  readonly objects: number;
}

/** etcd takes 128 operations and 1.5 MB at once. */
const AT_ONCE = 100;
const WRITERS = 4;

const { etcd, size } = JSON.parse(process.argv[2] ?? "{}") as FillSettings;

async function write(objects: readonly StoredObject[]): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const success = objects.map(({ key, value }) => ({
    requestPut: { key: base64(key), value: base64(value) },
  }));
  const response = await fetch(`${etcd}/v3/kv/txn`, {
    method: "POST",
    body: JSON.stringify({ success }),
    proxy: false,
  });
  if (!response.ok) throw new Error(`etcd answered ${response.status}: ${await response.text()}`);
}

let count = 0;

function stored(object: ApiObject): StoredObject {
  return storedObject(object, `00000000-0000-4000-8000-${(count++).toString(16).padStart(12, "0")}`);
}

function* batches(): Generator<StoredObject[]> {
  let batch: StoredObject[] = [];
  for (const object of clusterObjects(size)) {
    batch.push(stored(object));
    if (batch.length < AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const all = batches();
async function writer(): Promise<void> {
  for (let next = all.next(); next.done !== true; next = all.next()) await write(next.value);
}

await Promise.all(Array.from({ length: WRITERS }, writer));
// After all others: who has seen these has seen everything.
await write(stageObjects().map(stored));
const answer: FillAnswer = { objects: count };
process.stdout.write(`${JSON.stringify(answer)}\n`);
