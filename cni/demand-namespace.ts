import { closeSync } from "node:fs";
import { isCurrentNamespace, openNamespaceFile } from "../native/network-namespace-file.ts";
import { CniError } from "./cni-error.ts";

/** Throws CniError and NetworkNamespaceError where the path is none of a network namespace, or of the host's own. */
export function demandNamespace(path: string): void {
  const fd = openNamespaceFile(path);
  try {
    if (!isCurrentNamespace(fd)) return;
  } finally {
    closeSync(fd);
  }
  throw new CniError(
    "environment",
    `CNI_NETNS is "${path}", which is the host's own network namespace`,
    "a pod on the host's network needs no plugin",
  );
}
