import type { BodyWriter } from "./body-writer.ts";
import type { SeenRequest } from "./fault.ts";
import { listing, type Pages, writeListing } from "./list.ts";
import type { ApiServerOptions } from "./options.ts";
import { type Target, targetOf } from "./resources.ts";
import { fieldSelector } from "./selectors.ts";
import {
  badRequest,
  invalid,
  notFound,
  type StatusAnswer,
  statusAnswer,
  tooLarge,
  tooOld,
} from "./status.ts";
import type { ObjectStore } from "./store.ts";
import { type OpenWatch, serveWatch } from "./watch.ts";

/** What answers are made of. */
export interface Served {
  readonly store: ObjectStore;
  readonly pages: Pages;
  readonly watches: Set<OpenWatch>;
  readonly options: ApiServerOptions;
}

const JSON_TYPE = { "content-type": "application/json" };

async function say(body: BodyWriter, answered: StatusAnswer): Promise<void> {
  await body.begin(answered.status, { ...JSON_TYPE, ...answered.headers });
  await body.write(answered.body);
}

/** Why a watch is not opened at all. */
function watchRefusal({ store, options }: Served, { query }: SeenRequest): StatusAnswer | undefined {
  const { streamingLists = "served", expired = "line" } = options;
  const from = Number(query["resourceVersion"] ?? "");
  if (query["sendInitialEvents"] !== undefined) {
    const text = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch";
    if (streamingLists === 400) return badRequest(text);
    if (streamingLists === 422) return invalid(text);
    if (streamingLists === "served" && query["resourceVersionMatch"] !== "NotOlderThan") {
      return invalid(
        "resourceVersionMatch: Forbidden: sendInitialEvents requires resourceVersionMatch NotOlderThan",
      );
    }
    if (streamingLists === "served") {
      return from > store.version ? tooLarge(query["resourceVersion"] ?? "", store.version) : undefined;
    }
  }
  if (expired === "line" || from === 0 || from >= store.compacted) return undefined;
  return { status: 410, headers: {}, body: JSON.stringify(tooOld(from, store.compacted)) };
}

async function answerRead(
  served: Served,
  request: SeenRequest,
  target: Target,
  body: BodyWriter,
): Promise<void> {
  const { store, pages, watches, options } = served;
  const { query } = request;
  if (target.name !== undefined) {
    const key = target.namespace === undefined ? target.name : `${target.namespace}/${target.name}`;
    const found = store.all(target.resource).get(key);
    if (found === undefined) return say(body, notFound(`${target.resource.name} "${target.name}"`));
    const { kind, apiVersion } = target.resource;
    await body.begin(200, JSON_TYPE);
    return body.write(`{"kind":"${kind}","apiVersion":"${apiVersion}",${found.text.slice(1)}\n`);
  }
  const selected = fieldSelector(query["fieldSelector"] ?? "", target.resource, options.refusedFields ?? []);
  if ("refusal" in selected) return say(body, badRequest(selected.refusal));
  if (request.verb === "list") {
    const found = listing(store, pages, { target, query, selected });
    if ("status" in found) return say(body, found);
    await body.begin(200, JSON_TYPE);
    return writeListing(body, target, found, options.fieldOrder ?? "metadata first");
  }
  const refusal = watchRefusal(served, request);
  if (refusal !== undefined) return say(body, refusal);
  await body.begin(200, JSON_TYPE);
  const { streamingLists = "served", second = 1000 } = options;
  const watch = { target, query, selected, second, streamingLists: streamingLists === "served" };
  return serveWatch(body, store, watch, (open) => {
    watches.add(open);
    return () => watches.delete(open);
  });
}

/** The right answer to one request. */
export async function answer(served: Served, request: SeenRequest, body: BodyWriter): Promise<void> {
  if (request.verb === "probe") return say(body, { status: 200, headers: {}, body: "ok" });
  if (request.path === "/version") {
    return say(body, { status: 200, headers: {}, body: `{"gitVersion":"v1.30.0"}` });
  }
  if (request.method !== "GET") {
    return say(
      body,
      statusAnswer({ code: 405, reason: "MethodNotAllowed", message: "this server is read only" }),
    );
  }
  const target = targetOf(request.path);
  return target === undefined ? say(body, notFound(request.path)) : answerRead(served, request, target, body);
}
