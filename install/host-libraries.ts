import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ElfNeeds, isOlder, newestGlibc } from "./elf.ts";

export const LIBC = "libc.so.6";

/** Where distributions keep libc.so.6 and its like, besides the loader's own directory. */
export const LIBRARY_DIRECTORIES: readonly string[] = [
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
];
const LINKS_AT_MOST = 40;

/** The file that `path` is in another root directory, whose links are followed inside of it; undefined: there is none. */
export function findInRoot(root: string, path: string): string | undefined {
  let rest = path.split("/").filter((part) => part !== "");
  let done: string[] = [];
  for (let links = 0; rest.length > 0;) {
    const [part = "", ...after] = rest;
    rest = after;
    if (part === ".") continue;
    if (part === "..") {
      done = done.slice(0, -1);
      continue;
    }
    const here = join(root, ...done, part);
    const found = lstatSync(here, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      done = [...done, part];
      continue;
    }
    if (++links > LINKS_AT_MOST) return undefined;
    const target = readlinkSync(here);
    if (target.startsWith("/")) done = [];
    rest = [...target.split("/").filter((one) => one !== ""), ...rest];
  }
  return join(root, ...done);
}

const MUSL = /^ld-musl-.*\.so\.1$/;

function hasMusl(root: string): boolean {
  const lib = findInRoot(root, "/lib");
  if (lib === undefined) return false;
  return [...new Bun.Glob("ld-musl-*.so.1").scanSync({ cwd: lib, onlyFiles: false })].some((name) =>
    MUSL.test(name),
  );
}

/** The host's glibc, where it can be found: its version stands in it as the newest one that its symbols have. */
function hostGlibc(
  root: string,
  loader: string,
): { readonly path: string; readonly version: string } | undefined {
  for (const directory of [dirname(loader), ...LIBRARY_DIRECTORIES]) {
    const path = join(directory, LIBC);
    const file = findInRoot(root, path);
    if (file === undefined || !existsSync(file)) continue;
    const version = newestGlibc(readFileSync(file, "latin1"));
    if (version !== undefined) return { path, version };
  }
  return undefined;
}

/** Why an executable with these needs cannot start below `root`; undefined: nothing is known that stands against it. */
export function missingLibrary(
  { loader, glibc }: ElfNeeds,
  root: string,
  name = "the CNI plugin",
): string | undefined {
  if (loader === undefined) return undefined;
  const wanted = glibc === undefined ? "glibc" : `glibc ${glibc} or later`;
  if (findInRoot(root, loader) === undefined) {
    const why = hasMusl(root) ? ": it has musl instead" : "";
    return `the host has no glibc: its loader ${loader} is missing${why}; ${name} runs on the host and needs ${wanted}`;
  }
  const found = hostGlibc(root, loader);
  if (glibc === undefined || found === undefined || !isOlder(found.version, glibc)) return undefined;
  return `the host's glibc is ${found.version} (${found.path}); ${name} runs on the host and needs ${wanted}`;
}
