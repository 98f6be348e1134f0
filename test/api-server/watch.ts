import type { BodyWriter } from "./body-writer.ts";
import type { ServedResource, Target } from "./resources.ts";
import type { FieldSelector } from "./selectors.ts";
import { tooOld } from "./status.ts";
import { type ObjectStore, type Stored, type StoredChange, textAt } from "./store.ts";

export interface WatchRequest {
  readonly target: Target;
  readonly query: Readonly<Record<string, string>>;
  readonly selected: FieldSelector;
  /** Milliseconds in one of the server's seconds. */
  readonly second: number;
  /** Whether `sendInitialEvents` is known here; an older server takes it for nothing. */
  readonly streamingLists: boolean;
}

/** One open watch, as the server sees it. */
export interface OpenWatch {
  readonly resource: ServedResource;
  /** A BOOKMARK of the present version, where the client allowed bookmarks. */
  bookmark(): void;
  /** Any text, a line of garbage for example. */
  say(text: string): void;
  /** Ends it cleanly, as timeoutSeconds does. */
  end(): void;
}

function line(type: string, { kind, apiVersion }: ServedResource, text: string): string {
  return `{"type":"${type}","object":{"kind":"${kind}","apiVersion":"${apiVersion}",${text.slice(1)}}\n`;
}

function bookmarkLine(resource: ServedResource, version: number, annotations?: object): string {
  const metadata = { resourceVersion: String(version), creationTimestamp: null, annotations };
  return line("BOOKMARK", resource, JSON.stringify({ metadata }));
}

/** How one change looks through a selector: an object that leaves the selection is told as deleted. */
function seen(change: StoredChange, selected: (object: Stored) => boolean): string | undefined {
  const before = change.previous !== undefined && selected(change.previous);
  const after = change.type !== "DELETED" && selected(change.object);
  if (!before && !after) return undefined;
  if (after) return line(before ? "MODIFIED" : "ADDED", change.resource, change.object.text);
  // As the server tells it (1.20.2, measured): the object as it was, under the version of the change.
  return line("DELETED", change.resource, textAt(change.previous ?? change.object, change.version));
}

/** Serves one watch until it ends; `opened` is told of it while it is open. */
export async function serveWatch(
  body: BodyWriter,
  store: ObjectStore,
  request: WatchRequest,
  opened: (watch: OpenWatch) => () => void,
): Promise<void> {
  const { target, query } = request;
  const { resource, namespace } = target;
  const selected = (one: Stored): boolean =>
    request.selected(one) && (namespace === undefined || one.fields["metadata.namespace"] === namespace);
  const bookmarks = query["allowWatchBookmarks"] === "true";
  const from = Number(query["resourceVersion"] ?? "");
  const queue: string[] = [];
  let ended = false;
  let wake = (): void => {};
  const say = (text: string): void => {
    queue.push(text);
    wake();
  };
  const end = (): void => {
    ended = true;
    wake();
  };
  const initial = query["sendInitialEvents"] === "true" && request.streamingLists;
  let seenUpTo = Math.max(from, store.version);
  if (from === 0 || initial) {
    for (const one of store.all(resource).values()) {
      if (selected(one)) queue.push(line("ADDED", resource, one.text));
    }
    if (initial) queue.push(bookmarkLine(resource, store.version, { "k8s.io/initial-events-end": "true" }));
  } else if (from < store.compacted) {
    queue.push(`${JSON.stringify({ type: "ERROR", object: tooOld(from, store.compacted) })}\n`);
    ended = true;
  } else {
    seenUpTo = from;
    for (const change of store.since(from)) tell(change);
  }
  function tell(change: StoredChange): void {
    // From a version of the future nothing is heard until it has come.
    if (change.resource !== resource || change.version <= seenUpTo) return;
    seenUpTo = change.version;
    const text = seen(change, selected);
    if (text !== undefined) say(text);
  }
  const unlisten = store.listen(tell);
  const closed = opened({
    resource,
    bookmark: () => (bookmarks ? say(bookmarkLine(resource, store.version)) : undefined),
    say,
    end,
  });
  const seconds = Number(query["timeoutSeconds"] ?? 1800);
  const timer = setTimeout(end, seconds * request.second);
  body.onClose(end);
  try {
    while (body.open) {
      if (queue.length > 0) await body.write(queue.splice(0, 100).join(""));
      else if (ended) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearTimeout(timer);
    unlisten();
    closed();
  }
}
