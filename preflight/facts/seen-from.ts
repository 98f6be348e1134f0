import { join } from "node:path";
import { findInRoot } from "../../install/host-libraries.ts";

/**
 * Where the host's file is seen from here: a link to `/var/lib/...`, as k3s makes one to its programs, leads into the
 * container if the system follows it. What is not there keeps its name.
 */
export function seenFrom(root: string, path: string): string {
  return findInRoot(root, path) ?? join(root, path);
}
