import type { KubernetesClient } from "../connection/client.ts";
import type { Pace } from "./pace.ts";
import type { ServerTraits } from "./server-traits.ts";
import type { WatchedResource } from "./watched-resource.ts";

/** The reading of one resource, and how far it has come. */
export interface Reading<Item> {
  readonly client: KubernetesClient;
  readonly resource: WatchedResource;
  readonly read: (object: unknown) => Item;
  readonly pace: Pace;
  readonly stopping: AbortSignal;
  readonly traits: ServerTraits;
  /** The last version seen, which the server alone understands; undefined: none, or none that the server still knows. */
  version: string | undefined;
  /** Whether a list was ever complete. */
  listedOnce: boolean;
  /** Whether the server has forgotten our version, and so the next list is asked in pages; or even a page of those. */
  forgotten: "no" | "version" | "page";
}
