import type { Asked } from "../connection/api-status.ts";
import type { Fields } from "./field-reader.ts";

export type Query = Readonly<Record<string, string>>;

/** What is listed and watched. */
export interface WatchedResource {
  /** Plural, as RBAC and paths have it, for example `pods`. */
  readonly name: string;
  /** From the server's root, for example `/api/v1/pods`. */
  readonly path: string;
  /** For example `networking.k8s.io/v1`. Items of a list carry neither it nor the kind: they are put in. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Which fields of an object are read; the rest is passed over. Undefined: all of them. */
  readonly fields?: Fields;
  /** What narrows it, for example a fieldSelector. */
  readonly query?: Query;
  /** What is asked instead where the server answers 400 to `query`, then to the first of these, and so on. */
  readonly plainerQueries?: readonly Query[];
}

export function asked(verb: Asked["verb"], { name, apiVersion }: WatchedResource): Asked {
  const [first, version] = apiVersion.split("/");
  return { verb, resource: name, group: version === undefined ? "" : (first ?? "") };
}
