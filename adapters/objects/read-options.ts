/** Who is asking. */
export interface ReadOptions {
  /** This node's name: pods there get an attachment, and of all nodes this one is read. Default: no node is ours. */
  readonly nodeName?: string | undefined;
  /**
   * Where a pod is that names no node. `here`: whoever wrote a manifest by hand means this machine (the default).
   * `nowhere`: it waits for a scheduler, as in an API server.
   */
  readonly podsWithoutNode?: "here" | "nowhere" | undefined;
}
