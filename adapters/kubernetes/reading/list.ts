import { unreachable } from "../../../model/unreachable.ts";
import { type Ending, endingOfCut, endingOfError, endingOfStatus } from "./ending.ts";
import { type Alarm, Exchange } from "./exchange.ts";
import { fieldReader } from "./field-reader.ts";
import { createListItems } from "./list-items.ts";
import type { ListWatchEvent } from "./list-watch-event.ts";
import { MalformedError } from "./malformed-error.ts";
import { member, text, versionOf } from "./json-members.ts";
import type { Reading } from "./reading-state.ts";
import { queryOf } from "./server-traits.ts";
import { slices } from "./slices.ts";
import { asked, type Query } from "./watched-resource.ts";

/** What client-go asks for in one page. */
const PAGE = "500";

/** From the server's cache wherever it may: 5,000 agents that ask etcd bring it down. */
function versionQuery({ version, forgotten }: Reading<unknown>): Query {
  if (version !== undefined) return { resourceVersion: version, resourceVersionMatch: "NotOlderThan" };
  switch (forgotten) {
    case "no":
      return { resourceVersion: "0" };
    case "version":
      return { limit: PAGE };
    case "page":
      // A token lives some minutes: whoever was too slow for it asks for the whole, as client-go does.
      return {};
    default:
      return unreachable(forgotten);
  }
}

interface Page {
  readonly version: string;
  readonly next: string | undefined;
}

async function* readPage<Item>(
  reading: Reading<Item>,
  query: Query,
): AsyncGenerator<ListWatchEvent<Item>, Ending | Page, undefined> {
  const { client, resource, read, pace } = reading;
  const { apiVersion, kind, path } = resource;
  using exchange = new Exchange(reading);
  try {
    const request = { path, query: { ...queryOf(reading.traits, resource), ...query } };
    const status = await exchange.open(request, asked("list", resource));
    if (status !== undefined) return endingOfStatus(status);
    const reduce = (item: unknown): Item => read(Object.assign(item as object, { apiVersion, kind }));
    const alarms = (): readonly Alarm[] => [{ at: exchange.heardAt + pace.longestAnswer, ring: "late" }];
    const items = createListItems(resource.fields === undefined ? undefined : fieldReader(resource.fields));
    const records = slices({ exchange, records: items, reduce, alarms, step: pace.step });
    for (;;) {
      const next = await records.next();
      if (next.done !== true) {
        yield { kind: "items", items: next.value.out };
        continue;
      }
      const { metadata } = next.value;
      const version = versionOf({ metadata });
      // Without a version it is no list, and whoever believed it empty would open every pod.
      if (version === undefined) throw new MalformedError("a list without metadata.resourceVersion");
      return { version, next: text(member(metadata, "continue")) };
    }
  } catch (error) {
    return exchange.cut === undefined
      ? endingOfError(error, client.server)
      : endingOfCut(exchange.cut, client.server);
  }
}

/** Lists the resource whole, from `listing` to `listed`, and takes the version of the list. */
export async function* list<Item>(
  reading: Reading<Item>,
): AsyncGenerator<ListWatchEvent<Item>, Ending, undefined> {
  yield { kind: "listing" };
  let page = yield* readPage(reading, versionQuery(reading));
  while (!("kind" in page) && page.next !== undefined) {
    const paged = yield* readPage(reading, { limit: PAGE, continue: page.next });
    if ("kind" in paged && paged.kind === "expired") reading.forgotten = "page";
    page = paged;
  }
  if ("kind" in page) return page;
  reading.version = page.version;
  yield { kind: "listed", version: page.version };
  return { kind: "listed" };
}
