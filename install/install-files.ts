import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDirectory } from "../handshake/cni-files.ts";
import { hostView, type HostViewOptions } from "./host-view.ts";
import { InstallError, reasonOf } from "./install-error.ts";
import type { InstallOptions } from "./install-options.ts";
import { isTortie } from "./marker.ts";
import { copyBeside, isEqualFile, placeAgain } from "./place-file.ts";
import { type Trial, tryExecutable } from "./try-executable.ts";

/** The names that our executable is called by on a node. */
export const OWN_NAMES = ["tortie", "calico"] as const;

/** Plugins of others: leases of addresses, and what runtimes call in the chain after ours. */
export const HELPERS = ["host-local", "portmap", "bandwidth", "loopback", "tuning"] as const;

export interface InstalledFiles {
  readonly written: readonly string[];
  /** They were there, and stay as they were. */
  readonly kept: readonly string[];
  /** Another program's files that were replaced. */
  readonly replaced: readonly string[];
  /** Plugins that are neither here nor there. */
  readonly missing: readonly string[];
  /** Undefined: our own executable was not asked for. */
  readonly trial: (Trial & { readonly kind: "runs" }) | undefined;
}

type Wanted = Pick<InstallOptions, "plugins" | "skip" | "update" | "hostRoot">;

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function refuseDirectories(directory: string, { skip }: Wanted): void {
  for (const name of [...OWN_NAMES, ...HELPERS].filter((one) => !skip.has(one))) {
    const path = join(directory, name);
    if (isDirectory(path))
      throw new InstallError(`${path} is a directory, where a plugin belongs; remove it`);
  }
}

function trialIn(file: string, options: HostViewOptions): Trial & { readonly kind: "runs" } {
  const trial = tryExecutable(file, hostView(file, options));
  if (trial.kind === "runs") return trial;
  throw new InstallError(`the CNI plugin does not run on this host, so it is not installed: ${trial.why}`);
}

function demandOwn(directory: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(directory, name);
    if (isTortie(path)) continue;
    throw new InstallError(
      `${path} is another program's, and UPDATE_CNI_BINARIES=false keeps it: pods would get no policy; remove the ` +
        "variable, or the file",
    );
  }
}

/** Copies, tries and only then puts in place. Throws InstallError, or what node:fs throws. */
function installOwn(
  executable: string,
  directory: string,
  wanted: Wanted,
  host: HostViewOptions,
): InstalledFiles {
  const names = OWN_NAMES.filter((name) => !wanted.skip.has(name));
  const there = names.filter((name) => isThere(join(directory, name)));
  const kept = there.filter(
    (name) => wanted.update === false || isEqualFile(executable, join(directory, name)),
  );
  const [first, ...others] = names.filter((name) => !kept.includes(name));
  if (wanted.update === false) demandOwn(directory, kept);
  const replaced = there.filter((name) => !kept.includes(name) && !isTortie(join(directory, name)));
  const result = { kept, replaced, missing: [] };
  if (first === undefined) {
    const [one] = kept;
    return {
      ...result,
      written: [],
      trial: one === undefined ? undefined : trialIn(join(directory, one), host),
    };
  }
  using copy = copyBeside(executable, directory, first);
  const trial = trialIn(copy.path, host);
  copy.finish();
  for (const name of others) placeAgain(directory, first, name);
  return { ...result, written: [first, ...others], trial };
}

function installHelpers(executable: string, directory: string, wanted: Wanted): InstalledFiles {
  const written: string[] = [];
  const kept: string[] = [];
  const missing: string[] = [];
  for (const name of HELPERS.filter((one) => !wanted.skip.has(one))) {
    const source = [dirname(executable), wanted.plugins].map((one) => join(one, name)).find(isThere);
    const target = join(directory, name);
    if (isThere(target) && (wanted.update !== true || source === undefined || isEqualFile(source, target))) {
      kept.push(name);
    } else if (source === undefined) {
      missing.push(name);
    } else {
      using copy = copyBeside(source, directory, name);
      copy.finish();
      written.push(name);
    }
  }
  return { written, kept, replaced: [], missing, trial: undefined };
}

/** Puts into one directory what belongs there; a second time changes nothing. Throws InstallError. */
export function installInto(
  executable: string,
  directory: string,
  wanted: Wanted,
  host: HostViewOptions,
): InstalledFiles {
  try {
    refuseDirectories(directory, wanted);
    const own = installOwn(executable, directory, wanted, host);
    const helpers = installHelpers(executable, directory, wanted);
    return {
      written: [...own.written, ...helpers.written],
      kept: [...own.kept, ...helpers.kept],
      replaced: own.replaced,
      missing: helpers.missing,
      trial: own.trial,
    };
  } catch (error) {
    if (error instanceof InstallError) throw error;
    throw new InstallError(
      `could not install into ${directory}: ${reasonOf(error)}; it needs root, room, and a directory mounted writable`,
    );
  }
}

/** The executable to install. Throws InstallError. */
export function executableOf(given: string | undefined, running: string | undefined): string {
  const executable = given ?? running;
  if (executable === undefined) {
    throw new InstallError(
      "it runs from source, so there is no executable to install; build one (bun run build) and name it with --executable",
    );
  }
  if (!existsSync(executable))
    throw new InstallError(`--executable names ${executable}, which does not exist`);
  if (isDirectory(executable))
    throw new InstallError(`--executable names ${executable}, which is a directory`);
  if (isTortie(executable)) return executable;
  throw new InstallError(`${executable} is no executable of tortie; build one with bun run build`);
}
