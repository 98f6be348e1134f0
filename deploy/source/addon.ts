import type { CommentedObject } from "./commented.ts";

/** EnsureExists: made once, and left to whoever edits it. Reconcile: put back whenever it differs. */
export type AddonMode = "EnsureExists" | "Reconcile";

/** The object as the addon manager takes it: by these two labels. */
export function addon(object: CommentedObject, mode: AddonMode): CommentedObject {
  const metadata = object["metadata"] as CommentedObject;
  const labels = {
    ...(metadata["labels"] as CommentedObject),
    "kubernetes.io/cluster-service": "true",
    "addonmanager.kubernetes.io/mode": mode,
  };
  return { ...object, metadata: { ...metadata, labels } };
}
