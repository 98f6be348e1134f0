import type { KubernetesClient } from "../connection/client.ts";
import type { Query, WatchedResource } from "./watched-resource.ts";

/** What was found out about the server behind a client, for all that it reads. */
export interface ServerTraits {
  /** Whether watches may ask for the initial state. */
  streamingLists: "unknown" | "served" | "refused";
  /** Paths whose watches get bookmarks, as far as known. */
  readonly bookmarked: Set<string>;
  /** How many queries of a path the server has refused. */
  readonly refusedQueries: Map<string, number>;
}

const TRAITS = new WeakMap<KubernetesClient, ServerTraits>();

export function traitsOf(client: KubernetesClient): ServerTraits {
  const known = TRAITS.get(client);
  if (known !== undefined) return known;
  const traits: ServerTraits = {
    streamingLists: "unknown",
    bookmarked: new Set(),
    refusedQueries: new Map(),
  };
  TRAITS.set(client, traits);
  return traits;
}

function queries({ query = {}, plainerQueries = [] }: WatchedResource): readonly Query[] {
  return [query, ...plainerQueries];
}

/** The best query that was not refused so far. */
export function queryOf(traits: ServerTraits, resource: WatchedResource): Query {
  return queries(resource)[traits.refusedQueries.get(resource.path) ?? 0] ?? {};
}

/** Takes the next plainer query from now on; false: there is none. */
export function plainer(traits: ServerTraits, resource: WatchedResource): boolean {
  const refused = (traits.refusedQueries.get(resource.path) ?? 0) + 1;
  if (refused >= queries(resource).length) return false;
  traits.refusedQueries.set(resource.path, refused);
  return true;
}
