import type { Problem } from "../../model/problem.ts";
import { type ClusterState, emptyClusterState } from "../../model/update.ts";
import { unreachable } from "../../model/unreachable.ts";
import { whereText } from "./defect.ts";
import { implicitNamespace } from "./namespace.ts";
import type { ObjectValue } from "./read-object.ts";

/** An object and the place that it was read from. */
export interface PlacedObject {
  readonly where: string;
  readonly read: ObjectValue & { readonly object: string };
}

export interface Collected {
  readonly state: ClusterState;
  /** Of objects that appear twice; those of the objects themselves are not repeated here. */
  readonly problems: readonly Problem[];
}

/** All objects of a listing, in its order: of two with one name the later counts, and a namespace in use exists. */
export function collectObjects(placed: Iterable<PlacedObject>): Collected {
  const state = emptyClusterState();
  const problems: Problem[] = [];
  const last = new Map<string, PlacedObject>();
  const nameless: PlacedObject[] = [];
  for (const entry of placed) {
    const { object } = entry.read;
    if (object === "") nameless.push(entry);
    const earlier = object === "" ? undefined : last.get(object);
    if (object !== "") last.set(object, entry);
    if (earlier === undefined) continue;
    problems.push({
      where: whereText(earlier.where, object),
      path: "",
      value: "",
      message: `the same object is in ${entry.where} again`,
      consequence: "the later one counts",
    });
  }
  const used = new Set<string>();
  for (const { read } of [...nameless, ...last.values()]) {
    switch (read.kind) {
      case "namespace":
        state.namespaces.set(read.value.name, read.value);
        if (read.isolation !== undefined) state.policies.set(read.isolation.id, read.isolation);
        break;
      case "node":
        state.nodes.set(read.value.name, read.value);
        break;
      case "endpoint":
        state.endpoints.set(read.value.id, read.value);
        used.add(read.value.namespace);
        break;
      case "policy": {
        state.policies.set(read.value.id, read.value);
        const { namespaces } = read.value.subjects;
        if (namespaces.kind === "named") used.add(namespaces.name);
        break;
      }
      case "ignored":
      case "unreadable":
        break;
      default:
        unreachable(read);
    }
  }
  for (const name of used) {
    if (!state.namespaces.has(name)) state.namespaces.set(name, implicitNamespace(name));
  }
  return { state, problems };
}
