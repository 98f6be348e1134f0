/** What goes wrong with one answer. Bytes are counted in its body. */
export type Fault =
  /** Another answer than the right one. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The request is taken and never answered. */
  | { readonly kind: "freeze" }
  /** The connection is closed after so many bytes; without a number before there is an answer. */
  | { readonly kind: "break"; readonly afterBytes?: number }
  /** The body ends there, as if it were whole. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** The connection stays open and says nothing more. */
  | { readonly kind: "stall"; readonly afterBytes: number }
  /** The text stands in the body at that place; the rest goes on after it. */
  | { readonly kind: "garbage"; readonly afterBytes: number; readonly text: string }
  /** So many bytes at a time, with a pause between. */
  | { readonly kind: "slow"; readonly bytes: number; readonly everyMilliseconds: number };

/** Which fault a request meets; undefined: none. Asked once for each request. */
export type FaultScript = (request: SeenRequest) => Fault | undefined;

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly verb: "list" | "watch" | "get" | "probe" | "other";
  /** Name of the resource, for example `pods`; empty where the path is none. */
  readonly resource: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}
