import type { ApiObject } from "../../test/api-server/store.ts";

/** One change of one object in the API. */
export type Change =
  | {
      readonly kind: "apply";
      /** Made when it is asked for: most changes of a cluster's past are never told. */
      readonly object: () => ApiObject;
      /** The address that a probe has from now on. */
      readonly arrives?: string;
    }
  | { readonly kind: "remove"; readonly of: "Pod" | "NetworkPolicy"; readonly key: string };
