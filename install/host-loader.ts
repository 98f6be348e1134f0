import { join } from "node:path";
import { findInRoot, LIBRARY_DIRECTORIES } from "./host-libraries.ts";

/** How executables start with the loader and the libraries of another root directory, by who may not make it its own. */
export interface HostLoader {
  /** The words before an executable and its arguments. */
  readonly run: readonly string[];
  /** The words before an executable whose libraries are to be listed. */
  readonly list: readonly string[];
}

/** Undefined: there is no such loader below `root`. */
export function hostLoader(root: string, loader: string): HostLoader | undefined {
  const path = findInRoot(root, loader);
  if (path === undefined) return undefined;
  if (root === "/") return { run: [path], list: [path, "--list"] };
  const directories = LIBRARY_DIRECTORIES.map((directory) => findInRoot(root, directory));
  const found = [...new Set(directories.filter((directory) => directory !== undefined))];
  // The loader would take the cache of this process' own root directory.
  const run = [path, "--inhibit-cache", "--library-path", found.join(":")];
  return { run, list: [...run, "--list"] };
}

const RESOLVED = /^\t(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm;

/**
 * The libraries that the loader did not find below `root`, by what it lists. It goes on to look in this process' own root
 * directory, where a container has its own.
 */
export function librariesElsewhere(listing: string, root: string): string[] {
  return [...listing.matchAll(RESOLVED)]
    .filter(([, , path = ""]) => !path.startsWith(join(root, "/")))
    .map(([, name = ""]) => name);
}
