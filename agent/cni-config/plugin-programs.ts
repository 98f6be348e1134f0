import { lstatSync } from "node:fs";
import { join, sep } from "node:path";
import type { Condition } from "../../adapters/datastore.ts";
import { HOST_ROOT, looksLikeRoot } from "../../handshake/cni-files.ts";
import { isInPod } from "../../handshake/in-pod.ts";
import type { Environment } from "../../model/environment.ts";

/** What a plugin of others forks, any one of them, and what becomes of pods where it finds none. */
const NEEDS: ReadonlyMap<string, { readonly programs: readonly string[]; readonly without: string }> =
  new Map([
    [
      "portmap",
      {
        programs: ["iptables", "nft"],
        without:
          "pods with a hostPort can neither be started nor removed; install iptables (portmap before 1.6 knows nothing else)",
      },
    ],
  ]);

/** Where runtimes and their plugins find programs. The last one: NixOS. */
const USUAL = [
  "usr/local/sbin",
  "usr/local/bin",
  "usr/sbin",
  "usr/bin",
  "sbin",
  "bin",
  "run/current-system/sw/bin",
];

export interface HostPrograms {
  /** Where the CNI configuration is, as it is seen from here. */
  readonly netDirectory: string;
  /** Where a container has the host's files. */
  readonly hostRoot?: string;
  readonly environment: Environment;
}

/** Undefined: the host's programs cannot be seen from this container. */
function programDirectories({
  netDirectory,
  hostRoot = HOST_ROOT,
  environment,
}: HostPrograms): string[] | undefined {
  if (netDirectory.startsWith(hostRoot + sep)) {
    return looksLikeRoot(hostRoot) ? USUAL.map((name) => join(hostRoot, name)) : undefined;
  }
  if (isInPod(environment)) return undefined;
  const own = (environment["PATH"] ?? "").split(":").filter((directory) => directory !== "");
  return [...new Set([...USUAL.map((name) => join("/", name)), ...own])];
}

/** A link counts wherever it leads: an absolute one of the host's leads nowhere from a container. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Tells of programs that the configuration's plugins fork and the host does not have, as far as that can be seen. */
export function missingPrograms(plugins: readonly string[], host: HostPrograms): Condition[] {
  const directories = programDirectories(host);
  if (directories === undefined) return [];
  return plugins.flatMap((plugin): Condition[] => {
    const needs = NEEDS.get(plugin);
    if (needs === undefined) return [];
    const { programs, without } = needs;
    if (programs.some((name) => directories.some((directory) => isThere(join(directory, name))))) return [];
    const text =
      `the CNI configuration calls ${plugin}, which needs ${programs.join(" or ")}, and there is neither in ` +
      `${directories.join(", ")}: ${without}`;
    return [{ kind: "notice", text }];
  });
}
