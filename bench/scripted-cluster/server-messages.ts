import type { ClusterOptions } from "./cluster.ts";
import type { Way } from "./cluster-size.ts";

/** What the server is started with, as JSON in its first argument. */
export interface ServerSettings extends ClusterOptions {
  readonly way: Way;
}

/** Changes at an even pace. */
export interface Load {
  readonly podChanges: number;
  readonly policyChanges: number;
  readonly seconds: number;
}

/** A probe has this address since `at`, in milliseconds since 1970. */
export interface Arrival {
  readonly address: string;
  readonly at: number;
}

export type ToServer =
  | { readonly kind: "change"; readonly load: Load }
  /** Writes all objects to a file, one a line. */
  | { readonly kind: "write"; readonly file: string };

export type FromServer =
  | { readonly kind: "ready"; readonly url: string }
  | { readonly kind: "arrived"; readonly arrivals: readonly Arrival[] }
  | { readonly kind: "changed"; readonly seconds: number }
  | { readonly kind: "written" };

/** This moment as all processes of a machine know it, in milliseconds since 1970, with fractions. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}
