import { type Ending, endingOfErrorEvent } from "./ending.ts";
import type { Change } from "./list-watch-event.ts";
import { fieldReader, type FieldReader, type Fields } from "./field-reader.ts";
import { MalformedError } from "./malformed-error.ts";
import { member, text, versionOf } from "./json-members.ts";

const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/** One line of a watch. `version`: what the watch has come to. */
export type WatchEvent<Item> =
  | { readonly kind: "change"; readonly change: Change<Item>; readonly version: string }
  /** `initialEnd`: all initial events of a streaming list have come. */
  | { readonly kind: "bookmark"; readonly initialEnd: boolean; readonly version: string }
  | { readonly kind: "error"; readonly ending: Ending };

export interface WatchEventReader<Item> {
  readonly read: (object: unknown) => Item;
  readonly server: string;
}

/** What of an event's object is read, whatever the resource: the version, bookmarks, and the Status of an error. */
const ENVELOPE: Fields = {
  metadata: { resourceVersion: true, annotations: { [INITIAL_EVENTS_END]: true } },
  status: true,
  code: true,
  reason: true,
  message: true,
  details: true,
};

/** Of a field that one wants whole and the other in part, the part: an object's `status`, where a Status has a word. */
function union(some: Fields, more: Fields): Fields {
  const all: Record<string, Fields[string]> = { ...some };
  for (const [name, inside] of Object.entries(more)) {
    const there = all[name];
    all[name] = typeof there === "object" && typeof inside === "object" ? union(there, inside) : inside;
  }
  return all;
}

/** Reads a line of a watch, and of its object the given fields; undefined: all of them. */
export function eventReader(fields: Fields | undefined): FieldReader | undefined {
  if (fields === undefined) return undefined;
  return fieldReader({ type: true, object: union(ENVELOPE, { apiVersion: true, kind: true, ...fields }) });
}

/** @throws MalformedError where the line is no event. */
export function readWatchEvent<Item>(
  line: unknown,
  { read, server }: WatchEventReader<Item>,
): WatchEvent<Item> {
  const type = text(member(line, "type")) ?? "";
  const object = member(line, "object");
  if (type === "ERROR") return { kind: "error", ending: endingOfErrorEvent(object, server) };
  const version = versionOf(object);
  if (version === undefined) {
    throw new MalformedError(`an event of type ${JSON.stringify(type)} without metadata.resourceVersion`);
  }
  switch (type) {
    case "ADDED":
    case "MODIFIED":
      return { kind: "change", change: { item: read(object), gone: false }, version };
    case "DELETED":
      return { kind: "change", change: { item: read(object), gone: true }, version };
    case "BOOKMARK": {
      const annotations = member(member(object, "metadata"), "annotations");
      const initialEnd = member(annotations, INITIAL_EVENTS_END) === "true";
      return { kind: "bookmark", initialEnd, version };
    }
    default:
      throw new MalformedError(`an event of unknown type ${JSON.stringify(type)}`);
  }
}
