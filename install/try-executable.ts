import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../model/error-code.ts";
import { SystemCallError } from "../native/system-call-error.ts";
import { inRootDirectory } from "../native/root-directory.ts";
import { readElf } from "./elf.ts";
import { hostLoader, librariesElsewhere } from "./host-loader.ts";
import { LIBC, missingLibrary } from "./host-libraries.ts";
import type { HostView } from "./host-view.ts";

/** What a trial run came to. */
export type Trial =
  /** `doubt`: why it is not known to run on the host, too. */
  | { readonly kind: "runs"; readonly version: string; readonly doubt?: string }
  | { readonly kind: "refused"; readonly why: string };

const TRIAL_MILLISECONDS = 30_000;

function refused(why: string): Trial {
  return { kind: "refused", why };
}

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

interface Started {
  /** How the process ended; 0 is well. */
  readonly end: number | string;
  readonly said: string;
  /** The first line of standard error. */
  readonly complaint: string;
}

/** Throws what Bun throws where it cannot be started. */
function start(words: readonly string[], stdin: number): Started {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([...words], {
    // Where the root directory was changed, nothing else need be there; not even /dev/null.
    cwd: "/",
    env: {},
    stdin,
    stdout: "pipe",
    stderr: "pipe",
    timeout: TRIAL_MILLISECONDS,
  });
  const [complaint = ""] = stderr.toString().split("\n", 1);
  return { end: signalCode ?? exitCode, said: stdout.toString(), complaint };
}

/** What `tortie version` came to. */
function trialOf({ end, said, complaint }: Started): Trial {
  const [, version] = /^tortie (.+)\n$/.exec(said) ?? [];
  if (end === 0 && version !== undefined) return { kind: "runs", version };
  return refused(`it ended with ${end} when it was tried: ${complaint}`);
}

/** Runs it with the process' own root directory. */
function run(path: string, stdin: number, loader: string | undefined): Trial {
  try {
    return trialOf(start([path, "version"], stdin));
  } catch (error) {
    return refused(startFailure(error, loader));
  }
}

interface Impossible {
  readonly kind: "impossible";
  readonly why: string;
}

/** Runs it with the host's loader and libraries, but this process' root directory: for that, no right is needed. */
function runByHostLoader(root: string, file: string, stdin: number, loader: string): Trial | Impossible {
  const host = hostLoader(root, loader);
  if (host === undefined) return { kind: "impossible", why: "its loader was not found" };
  try {
    const elsewhere = librariesElsewhere(start([...host.list, file], stdin).said, root);
    if (elsewhere.includes(LIBC)) return { kind: "impossible", why: `its ${LIBC} is in no usual directory` };
    if (elsewhere.length > 0) return refused(`the host has ${LIBC}, but not ${elsewhere.join(", ")}`);
    return trialOf(start([...host.run, file, "version"], stdin));
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    // What is no loader starts nothing on the host, either.
    if (code === "ENOEXEC") return refused(`the host's loader ${loader} cannot be started (${code})`);
    return { kind: "impossible", why: `its loader cannot be started here (${code})` };
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
