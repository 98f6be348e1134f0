import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { HOST_ROOT, looksLikeRoot } from "../handshake/cni-files.ts";
import { isInPod } from "../handshake/in-pod.ts";
import type { Environment } from "../model/environment.ts";

/** How the host sees a file that this process sees, perhaps from inside a container. */
export type HostView =
  | {
      readonly kind: "seen";
      /** The host's root directory as it is seen here; `/`: both are the same. */
      readonly root: string;
      /** The file in it. */
      readonly path: string;
    }
  /** Only the directory is shared. */
  | { readonly kind: "hidden" };

export interface HostViewOptions {
  /** Where the host's root directory is, if somebody said it. */
  readonly hostRoot?: string | undefined;
  readonly environment: Environment;
}

function isSameFile(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a), statSync(b)];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
}

function below(root: string, path: string): string | undefined {
  if (root === "/") return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

function seenIn(root: string, file: string): HostView | undefined {
  // A directory of the host that is mounted below /host often has the name there that it has on the host.
  const names = [below(root, file), below(HOST_ROOT, file), file];
  const path = names.find((name) => name !== undefined && isSameFile(join(root, name), file));
  return path === undefined ? undefined : { kind: "seen", root, path };
}

/**
 * Finds the host's root directory: as told, below /host where it is mounted, the one of the first process (hostPID), or this
 * process' own outside of pods.
 */
export function hostView(file: string, { hostRoot, environment }: HostViewOptions): HostView {
  const own = !isInPod(environment) && below(HOST_ROOT, file) === undefined ? ["/"] : [];
  const mounted = looksLikeRoot(HOST_ROOT) ? [HOST_ROOT] : [];
  const initial = isSameFile("/proc/1/root", "/") || !existsSync("/proc/1/root/.") ? [] : ["/proc/1/root"];
  const roots = hostRoot === undefined ? [...own, ...mounted, ...initial] : [hostRoot];
  for (const root of roots) {
    const view = seenIn(root, file);
    if (view !== undefined) return view;
  }
  return { kind: "hidden" };
}
