import type { DatastoreEvent } from "../../adapters/datastore.ts";
import { memoryDatastore } from "../../adapters/memory/datastore.ts";
import { problemText } from "../../model/problem.ts";
import { type ClusterState, emptyClusterState, fold } from "../../model/update.ts";
import type { World } from "../oracle/objects.ts";

export interface WorldReading {
  readonly state: ClusterState;
  /** What the adapter complained about, one line each. */
  readonly problems: readonly string[];
}

/** The world as the product reads it: through an adapter, from what is left of the objects in JSON. */
export async function readWorld({ namespaces, pods, policies }: World): Promise<WorldReading> {
  const datastore = memoryDatastore();
  const text = JSON.stringify([...namespaces, ...pods, ...policies]);
  datastore.set(JSON.parse(text) as readonly unknown[]);
  const state = emptyClusterState();
  let problems: readonly string[] = [];
  const take = (event: DatastoreEvent): void => {
    if (event.kind === "updates") for (const update of event.updates) fold(state, update);
    if (event.kind === "problems") problems = event.problems.map(problemText);
  };
  const stopping = new AbortController();
  for await (const event of datastore.watch(stopping.signal)) {
    if (event.kind === "inSync") break;
    take(event);
  }
  stopping.abort();
  return { state, problems };
}
