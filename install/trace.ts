/** Something of ours on this node. */
export interface Trace {
  /** In words, for whoever reads the list. */
  readonly what: string;
  /** Does nothing where it is gone already. Throws an Error that says why it could not be done. */
  readonly remove: () => void;
}
