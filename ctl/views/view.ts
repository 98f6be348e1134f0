import type { Schema } from "../../adapters/objects/schema.ts";
import { parseAt } from "../../adapters/objects/schema.ts";
import type { ServedKind } from "../kinds.ts";
import type { Listing } from "../list-objects.ts";

/** One resource: as yaml and json have it, and its cells by heading. */
export interface Shown {
  readonly resource: object;
  readonly cells: Readonly<Record<string, string>>;
}

/** Some objects of the API server, and what becomes of each. */
export interface Query {
  readonly listing: Listing;
  /** Undefined: the view leaves it out. Throws UnreadableObject. */
  show(object: unknown): Shown | undefined;
}

/** What a kind of resource looks like in one of calicoctl's two APIs. */
export interface View {
  readonly kind: ServedKind;
  readonly namespaced: boolean;
  readonly headings: { readonly ps: readonly string[]; readonly wide: readonly string[] };
  /** What custom columns may name. */
  readonly allHeadings: readonly string[];
  /** Undefined: of all namespaces. */
  queries(namespace: string | undefined): readonly Query[];
  /** Every object that `name` may mean; none where it cannot be a name. */
  named(name: string, namespace: string | undefined): readonly Query[];
  /** Everything that was found, as yaml and json print it. `resourceVersions`: of each query. */
  list(resources: readonly object[], resourceVersions: readonly string[]): unknown;
}

/** An object of the API server that does not look as its kind does. */
export class UnreadableObject extends Error {
  override readonly name = "UnreadableObject";
}

function nameOf(object: unknown): string {
  const { metadata } = Object(object) as { metadata?: { namespace?: unknown; name?: unknown } | null };
  return [metadata?.namespace, metadata?.name].filter((part) => typeof part === "string").join("/");
}

/** Reads an object of `kind`. Throws UnreadableObject. */
export function readAs<Output>(kind: string, schema: Schema<Output>, object: unknown): Output {
  const read = parseAt(schema, object, { path: "", consequence: "" });
  if (read.ok) return read.value;
  const defects = read.defects.map(({ path, value, message }) => `${path}: ${message}, found ${value}`);
  throw new UnreadableObject(`${kind} ${nameOf(object)} cannot be shown: ${defects.join("; ")}`);
}

/** A listing of one resource, in a namespace or in all of them. */
export function listingOf(
  group: "" | "networking.k8s.io",
  resource: string,
  { namespace, name }: { namespace?: string | undefined; name?: string } = {},
): Listing {
  const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
  const root = group === "" ? "/api/v1" : `/apis/${group}/v1`;
  return { resource, group, path: `${root}${within}/${resource}`, ...(name !== undefined && { name }) };
}

/** The list of a kind in API v3. */
export function v3List(
  kind: ServedKind,
  resources: readonly object[],
  resourceVersions: readonly string[],
): unknown {
  return {
    kind: `${kind}List`,
    apiVersion: "projectcalico.org/v3",
    metadata: { resourceVersion: resourceVersions.join("/") },
    items: resources,
  };
}
