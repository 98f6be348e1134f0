import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../model/error-code.ts";
import { SystemCallError } from "../native/system-call-error.ts";
import { inRootDirectory } from "../native/root-directory.ts";
import { readElf } from "./elf.ts";
import { missingLibrary } from "./host-libraries.ts";
import type { HostView } from "./host-view.ts";
import { type Impossible, lookByHostLoader } from "./look-by-host-loader.ts";
import { type Refused, refused, refusedByEnd, start, type Started } from "./start.ts";

/** What a trial run came to. */
export type Trial =
  /** `doubt`: why it is not known to run on the host, too. */
  { readonly kind: "runs"; readonly version: string; readonly doubt?: string } | Refused;

/** The kernel names the executable where its loader is missing. */
function startFailure(error: unknown, loader: string | undefined): string {
  const code = errorCode(error) ?? String(error);
  switch (code) {
    case "ENOENT":
      return `its loader ${loader ?? ""} is missing where it is to run (ENOENT)`;
    case "ENOEXEC":
      return "it is made for another kind of processor (ENOEXEC)";
    case "EACCES":
      return "nothing may be executed in that directory (EACCES); it is mounted with noexec, or its mode forbids it";
    default:
      return `it cannot be started (${code})`;
  }
}

/** What `tortie version` came to. */
function trialOf(started: Started): Trial {
  const [, version] = /^tortie (.+)\n$/.exec(started.said) ?? [];
  return started.end === 0 && version !== undefined ? { kind: "runs", version } : refusedByEnd(started);
}

/** Runs it with the process' own root directory. */
function run(path: string, stdin: number, loader: string | undefined): Trial {
  try {
    return trialOf(start([path, "version"], stdin));
  } catch (error) {
    return refused(startFailure(error, loader));
  }
}

/** Runs it with the host's loader and libraries, but this process' root directory: for that, no right is needed. */
function runByHostLoader(root: string, file: string, stdin: number, loader: string): Trial | Impossible {
  const libraries = lookByHostLoader(root, file, loader);
  if (libraries.kind !== "there") return libraries;
  try {
    return trialOf(start([...libraries.run, file, "version"], stdin));
  } catch (error) {
    return {
      kind: "impossible",
      why: `its loader cannot be started here (${errorCode(error) ?? String(error)})`,
    };
  }
}

/** Runs it as the host will: with the host's root directory. */
function runOnHost(
  { root, path }: { readonly root: string; readonly path: string },
  stdin: number,
  loader: string | undefined,
): Trial | Impossible {
  if (root === "/") return run(path, stdin, loader);
  // Executables of Bun's end at once where it is missing.
  if (!existsSync(join(root, "proc", "self")))
    return { kind: "impossible", why: `${root} has no /proc mounted` };
  try {
    return inRootDirectory(root, () => run(path, stdin, loader));
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return { kind: "impossible", why: error.message };
  }
}

/**
 * Tries whether the copy of tortie runs on the host, without knowing more of the host than `view`: first its libraries are
 * looked at, then it is run, at best with the host's root directory, else by the host's loader, else in this container.
 * Throws what node:fs throws.
 */
export function tryExecutable(file: string, view: HostView): Trial {
  const needs = readElf(file);
  const missing =
    view.kind === "hidden" || needs === undefined ? undefined : missingLibrary(needs, view.root);
  if (missing !== undefined) return refused(missing);
  const stdin = openSync("/dev/null", "r");
  const loader = needs?.loader;
  try {
    if (view.kind === "hidden") {
      const here = run(file, stdin, loader);
      return here.kind === "refused" ? here : { ...here, doubt: "the host's root directory is not mounted" };
    }
    const onHost = runOnHost(view, stdin, loader);
    if (onHost.kind !== "impossible") return onHost;
    const byLoader = loader === undefined ? onHost : runByHostLoader(view.root, file, stdin, loader);
    if (byLoader.kind !== "impossible") return byLoader;
    const here = run(file, stdin, loader);
    if (here.kind === "refused") return here;
    const why = loader === undefined ? onHost.why : `${onHost.why}, and ${byLoader.why}`;
    return { ...here, doubt: `${why}; the host's libraries were looked at, and suffice` };
  } finally {
    closeSync(stdin);
  }
}
