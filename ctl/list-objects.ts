import * as v from "valibot";
import type { KubernetesClient } from "../adapters/kubernetes/connection/client.ts";
import { type ApiStatus, readApiStatus } from "../adapters/kubernetes/connection/api-status.ts";
import { listOf, looseFields, maybe, type Schema, someText } from "../adapters/objects/schema.ts";
import { CtlError } from "./ctl-error.ts";

const PAGE = 500;

/** What is listed. */
export interface Listing {
  /** As RBAC calls it, for example `pods`. */
  readonly resource: string;
  /** Empty: the core group. */
  readonly group: string;
  /** For example `/api/v1/pods`. */
  readonly path: string;
  /** Only the object of this name. */
  readonly name?: string | undefined;
}

export interface Listed {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
}

export interface ListOptions {
  readonly signal: AbortSignal;
  /** For the answer to one page, its body included. */
  readonly answerMilliseconds?: number;
  /** How often a server that asks to come back later is asked again. */
  readonly attempts?: number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

interface Page extends Listed {
  readonly next: string;
}

const list: Schema<{
  metadata?: { resourceVersion?: string | undefined; continue?: string | undefined } | undefined;
  items: unknown[];
}> = looseFields({
  metadata: maybe(looseFields({ resourceVersion: maybe(someText), continue: maybe(someText) })),
  items: listOf(v.unknown()),
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refusal({ code, found, next }: ApiStatus): CtlError {
  if (code === 401 || code === 403)
    return new CtlError(`connection is unauthorized: ${found}; next: ${next}`);
  const again = code === 429 || code >= 500;
  return new CtlError(`${found}; next: ${again ? "try again a little later" : next}`);
}

async function readList(
  response: Response,
  { resource, path }: Listing,
  client: KubernetesClient,
): Promise<Page> {
  const text = await response.text().catch((error: unknown) => {
    throw new CtlError(
      `the answer of ${client.server} broke off while ${resource} were listed (${errorText(error)}); next: try again`,
    );
  });
  const read = v.safeParse(list, parsed(text));
  if (!read.success) {
    throw new CtlError(
      `${client.server}${path} answers with something that is no list of ${resource}; next: check the server's URL`,
    );
  }
  const { items, metadata } = read.output;
  return { items, resourceVersion: metadata?.resourceVersion ?? "", next: metadata?.continue ?? "" };
}

/** One try; undefined where `continue` has expired. */
async function readPage(
  client: KubernetesClient,
  listing: Listing,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Page | ApiStatus | undefined> {
  const { resource, group, path, name } = listing;
  const selected = name === undefined ? query : { ...query, fieldSelector: `metadata.name=${name}` };
  const response = await client.request({ path, query: selected, signal });
  if (response.status === 200) return readList(response, listing, client);
  const status = await readApiStatus(response, { verb: "list", resource, group });
  return status.code === 410 && "continue" in query ? undefined : status;
}

/** Gives up on an answer that does not come. */
async function inTime<Result>(
  { milliseconds, stopping, whose }: { milliseconds: number; stopping: AbortSignal; whose: string },
  act: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), milliseconds);
  try {
    return await act(AbortSignal.any([stopping, late.signal]));
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new CtlError(
      `${whose} did not come within ${milliseconds / 1000} s; ` +
        "next: see that the API server is well and no firewall drops packets",
    );
  } finally {
    clearTimeout(timer);
  }
}

/**
 * All objects of a listing, read in pages of 500; where the pages expire on the way, anew and in one.
 *
 * @throws CtlError where the server refuses, saying the verb and the resource; ConnectionError where no answer came.
 */
export async function listObjects(
  client: KubernetesClient,
  listing: Listing,
  { signal, answerMilliseconds = 30_000, attempts = 5, sleep = Bun.sleep }: ListOptions,
): Promise<Listed> {
  const items: unknown[] = [];
  let query: Readonly<Record<string, string>> = { limit: String(PAGE) };
  const whose = `the whole answer of ${client.server} about ${listing.resource}`;
  let refused = 0;
  for (;;) {
    const limit = { milliseconds: answerMilliseconds, stopping: signal, whose };
    const page = await inTime(limit, (either) => readPage(client, listing, query, either));
    if (page === undefined) {
      items.length = 0;
      query = {};
    } else if ("code" in page) {
      // Only a server that says when to come back is asked again.
      if (page.retryAfterSeconds === undefined || ++refused >= attempts) throw refusal(page);
      await sleep(page.retryAfterSeconds * 1000);
    } else {
      items.push(...page.items);
      if (page.next === "") return { items, resourceVersion: page.resourceVersion };
      query = { limit: String(PAGE), continue: page.next };
    }
  }
}
