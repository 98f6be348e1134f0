import { type Defect, describe } from "./defect.ts";
import { isObject } from "./schema.ts";

/** An object and where it stands below what was expanded: `items[4]`, or empty for the thing itself. */
export interface ListedObject {
  readonly path: string;
  readonly value: unknown;
}

export interface ExpandedList {
  readonly objects: readonly ListedObject[];
  readonly defects: readonly Defect[];
}

/** Items of a typed list come from an API server without apiVersion and kind of their own. */
function typedItem(item: unknown, apiVersion: unknown, kind: string): unknown {
  if (kind === "" || !isObject(item) || item["kind"] !== undefined) return item;
  return { apiVersion, kind, ...item };
}

/** List, PodList, NamespaceList and so on, to the objects in them; anything else is itself. Lists in lists are opened too. */
export function expandList(value: unknown): ExpandedList {
  const objects: ListedObject[] = [];
  const defects: Defect[] = [];
  const waiting: ListedObject[] = [{ path: "", value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path } = next;
    const fields = isObject(next.value) ? next.value : {};
    const { apiVersion, kind, items } = fields;
    if (typeof kind !== "string" || !kind.endsWith("List")) {
      objects.push(next);
      continue;
    }
    const itemsPath = path === "" ? "items" : `${path}.items`;
    if (items !== null && !Array.isArray(items)) {
      const consequence = "nothing in this list is read";
      defects.push({ path: itemsPath, value: describe(items), message: "expected a list", consequence });
      continue;
    }
    const itemKind = kind.slice(0, -"List".length);
    for (const [index, item] of (items ?? []).entries()) {
      waiting.push({ path: `${itemsPath}[${index}]`, value: typedItem(item, apiVersion, itemKind) });
    }
  }
  return { objects: objects.toReversed(), defects };
}
