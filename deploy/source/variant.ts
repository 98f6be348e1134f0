/** In what one manifest differs from another. */
export interface Variant {
  readonly image: string;
  /** Whether our plugin wires the pods: then it is installed, and the agent writes its configuration. */
  readonly wires: boolean;
  /** Whether the server is of 1.30 or later, so that our one write right can be bound to a node. */
  readonly bindsWrites: boolean;
}
