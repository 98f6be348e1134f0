import type { BodyWriter } from "./body-writer.ts";
import type { Target } from "./resources.ts";
import type { FieldSelector } from "./selectors.ts";
import { EXPIRED_CONTINUE, invalid, type StatusAnswer, tooLarge } from "./status.ts";
import type { ObjectStore, Stored } from "./store.ts";

/** What `continue` tokens stand for: the rest of a listing, as it was when it began. */
export type Pages = Map<string, { readonly version: number; readonly rest: readonly Stored[] }>;

export interface Listing {
  readonly version: number;
  readonly items: readonly Stored[];
  readonly continue: string;
}

export interface ListRequest {
  readonly target: Target;
  readonly query: Readonly<Record<string, string>>;
  readonly selected: FieldSelector;
}

/** What a LIST answers, by the rules of resourceVersion, resourceVersionMatch, limit and continue. */
export function listing(
  store: ObjectStore,
  pages: Pages,
  { target, query, selected }: ListRequest,
): Listing | StatusAnswer {
  const { resourceVersion = "", resourceVersionMatch = "", limit = "0", continue: token = "" } = query;
  const most = resourceVersion === "0" || limit === "0" ? Infinity : Number(limit);
  if (token !== "") {
    const page = pages.get(token);
    if (page === undefined || page.version < store.compacted) return EXPIRED_CONTINUE;
    return cut(pages, page.version, page.rest, most);
  }
  if (resourceVersionMatch !== "" && resourceVersion === "") {
    return invalid(
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (Number(resourceVersion) > store.version) return tooLarge(resourceVersion, store.version);
  const all = [...store.all(target.resource).values()].filter(
    (one) =>
      selected(one) &&
      (target.namespace === undefined || one.fields["metadata.namespace"] === target.namespace),
  );
  const sorted = all.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return cut(pages, store.version, sorted, most);
}

function cut(pages: Pages, version: number, rest: readonly Stored[], most: number): Listing {
  if (rest.length <= most) return { version, items: rest, continue: "" };
  const token = `page-${version}-${pages.size}`;
  pages.set(token, { version, rest: rest.slice(most) });
  return { version, items: rest.slice(0, most), continue: token };
}

/** How the members of a list's object follow each other: clients may rely on no order. */
export type FieldOrder = "metadata first" | "items first";

/** Writes a list in pieces, as a server with much to say does. */
export async function writeListing(
  body: BodyWriter,
  { resource }: Target,
  found: Listing,
  order: FieldOrder,
): Promise<void> {
  const metadata = JSON.stringify({
    resourceVersion: String(found.version),
    ...(found.continue === "" ? {} : { continue: found.continue }),
  });
  const head = `"kind":"${resource.kind}List","apiVersion":"${resource.apiVersion}"`;
  const first = order === "metadata first";
  let piece = first ? `{${head},"metadata":${metadata},"items":[` : `{"items":[`;
  for (const [index, item] of found.items.entries()) {
    piece += index === 0 ? item.text : `,${item.text}`;
    if (piece.length < 65_536) continue;
    await body.write(piece);
    if (!body.open) return;
    piece = "";
  }
  await body.write(`${piece}]${first ? "" : `,${head},"metadata":${metadata}`}}\n`);
}
