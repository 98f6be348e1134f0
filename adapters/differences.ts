import type { ClusterState, Update } from "../model/update.ts";

function changes<Key, Value, Change>(
  before: ReadonlyMap<Key, Value>,
  after: ReadonlyMap<Key, Value>,
  change: (key: Key, value: Value | undefined) => Change,
): Change[] {
  const found: Change[] = [];
  if (before === after) return found;
  for (const key of before.keys()) if (!after.has(key)) found.push(change(key, undefined));
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old !== value && !Bun.deepEquals(old, value, true)) found.push(change(key, value));
  }
  return found;
}

/** What must be told to somebody who knows `before` so that he knows `after`. Unchanged values that are the same object cost nothing. */
export function differences(before: ClusterState, after: ClusterState): Update[] {
  return [
    ...changes(before.namespaces, after.namespaces, (name, value): Update => ({
      kind: "namespace",
      name,
      value,
    })),
    ...changes(before.endpoints, after.endpoints, (id, value): Update => ({ kind: "endpoint", id, value })),
    ...changes(before.policies, after.policies, (id, value): Update => ({ kind: "policy", id, value })),
    ...changes(before.nodes, after.nodes, (name, value): Update => ({ kind: "node", name, value })),
  ];
}
