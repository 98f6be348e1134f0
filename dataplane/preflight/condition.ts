/** Something about this node that people must see. */
export interface HostCondition {
  /** `failure`: the node is not ready while it holds. `notice`: it is shown, and nothing else. */
  readonly kind: "failure" | "notice";
  /** What was found and what to do next. */
  readonly text: string;
}
