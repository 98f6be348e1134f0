/** One object's present state; `gone`: it was deleted, or left the selection. */
export interface Change<Item> {
  readonly item: Item;
  readonly gone: boolean;
}

/**
 * What reading one resource tells. A listing that breaks off is followed by `listing` again. `items` and `changes` carry what
 * one read of the network brought, at most a few milliseconds of work.
 */
export type ListWatchEvent<Item> =
  /** What follows until `listed` is everything there is: whatever is not among it is gone. */
  | { readonly kind: "listing" }
  | { readonly kind: "items"; readonly items: readonly Item[] }
  /** `version`: of the state that was listed. */
  | { readonly kind: "listed"; readonly version: string }
  | { readonly kind: "changes"; readonly changes: readonly Change<Item>[]; readonly noticedAt: number }
  /** It cannot be read at the moment; tries go on. `since`: of the first failure in a row. */
  | { readonly kind: "trouble"; readonly since: Date; readonly because: string; readonly next: string }
  /** The trouble is over: a list is complete, or a watch answers. */
  | { readonly kind: "well" };
