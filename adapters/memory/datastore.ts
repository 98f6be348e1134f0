import type { Problem } from "../../model/problem.ts";
import type { Datastore, DatastoreEvent } from "../datastore.ts";
import { collectObjects, type Collected, type PlacedObject } from "../objects/collect.ts";
import { expandList } from "../objects/expand-list.ts";
import { readObject } from "../objects/read-object.ts";
import { createTeller } from "../teller.ts";

export interface MemoryDatastoreOptions {
  /** This node's name: pods of this node, and pods of none, are local. */
  readonly nodeName?: string | undefined;
}

export interface MemoryDatastore extends Datastore {
  /** Replaces everything by these Kubernetes objects, as JSON has them; the first call is the first whole reading. */
  set(objects: readonly unknown[]): void;
}

function read(objects: readonly unknown[], options: MemoryDatastoreOptions): Collected {
  const placed: PlacedObject[] = [];
  const problems: Problem[] = [];
  for (const [index, object] of objects.entries()) {
    const place = `object ${index + 1}`;
    const { objects: listed, defects } = expandList(object);
    problems.push(...defects.map((defect) => ({ where: place, ...defect })));
    for (const { path, value } of listed) {
      const where = path === "" ? place : `${place}, ${path}`;
      const { problems: found, ...result } = readObject(value, where, options);
      placed.push({ where, read: result });
      problems.push(...found);
    }
  }
  const collected = collectObjects(placed);
  return { state: collected.state, problems: [...problems, ...collected.problems] };
}

/** Holds Kubernetes objects that somebody sets; for tests, and for whoever has the objects at hand. */
export function memoryDatastore(options: MemoryDatastoreOptions = {}): MemoryDatastore {
  let current: (Collected & { readonly noticedAt: number }) | undefined;
  let changed = Promise.withResolvers<void>();

  async function* watch(stopping: AbortSignal): AsyncGenerator<DatastoreEvent> {
    const stopped = Promise.withResolvers<void>();
    stopping.addEventListener("abort", () => stopped.resolve(), { once: true });
    const teller = createTeller();
    while (!stopping.aborted) {
      const change = changed.promise;
      const content = current;
      const events =
        content === undefined
          ? teller.status({ kind: "waiting", for: "the first objects", next: "call set" })
          : teller.whole(content, content.noticedAt);
      for (const event of events) {
        if (stopping.aborted) return;
        yield event;
      }
      if (content === current) await Promise.race([change, stopped.promise]);
    }
  }

  return {
    watch,
    set(objects) {
      current = { ...read(objects, options), noticedAt: performance.now() };
      changed.resolve();
      changed = Promise.withResolvers();
    },
  };
}
