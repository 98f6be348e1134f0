import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../model/error-code.ts";
import { SystemCallError } from "../native/system-call-error.ts";
import { inRootDirectory } from "../native/root-directory.ts";
import { readElf } from "./elf.ts";
import { missingLibrary } from "./host-libraries.ts";
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

/** Runs `PATH version` with the process' own root directory. */
function run(path: string, stdin: number, loader: string | undefined): Trial {
  try {
    const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([path, "version"], {
      // Where the root directory was changed, nothing else need be there; not even /dev/null.
      cwd: "/",
      env: {},
      stdin,
      stdout: "pipe",
      stderr: "pipe",
      timeout: TRIAL_MILLISECONDS,
    });
    const [, version] = /^tortie (.+)\n$/.exec(stdout.toString()) ?? [];
    if (exitCode === 0 && version !== undefined) return { kind: "runs", version };
    const [line = ""] = stderr.toString().split("\n", 1);
    return refused(`it ended with ${signalCode ?? exitCode} when it was tried: ${line}`);
  } catch (error) {
    return refused(startFailure(error, loader));
  }
}

/** Runs it as the host will: with the host's root directory. */
function runOnHost(
  { root, path }: { readonly root: string; readonly path: string },
  stdin: number,
  loader: string | undefined,
): Trial | { readonly kind: "impossible"; readonly why: string } {
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
 * looked at, then it is run. Throws what node:fs throws.
 */
export function tryExecutable(file: string, view: HostView): Trial {
  const needs = readElf(file);
  const missing =
    view.kind === "hidden" || needs === undefined ? undefined : missingLibrary(needs, view.root);
  if (missing !== undefined) return refused(missing);
  const stdin = openSync("/dev/null", "r");
  try {
    const onHost =
      view.kind === "hidden"
        ? ({ kind: "impossible", why: "the host's root directory is not mounted" } as const)
        : runOnHost(view, stdin, needs?.loader);
    if (onHost.kind !== "impossible") return onHost;
    const here = run(file, stdin, needs?.loader);
    if (here.kind === "refused") return here;
    const seen =
      view.kind === "seen" ? `${onHost.why}; the host's libraries were looked at, and suffice` : onHost.why;
    return { ...here, doubt: seen };
  } finally {
    closeSync(stdin);
  }
}
