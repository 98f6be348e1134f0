import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDirectory } from "../handshake/cni-files.ts";
import { HELPERS, type HelperPlan, planHelpers } from "./helper-plugins.ts";
import { hostView, type HostViewOptions } from "./host-view.ts";
import { InstallError, reasonOf } from "./install-error.ts";
import type { InstallOptions } from "./install-options.ts";
import { isTortie } from "./marker.ts";
import { copyBeside, isEqualFile, placeAgain } from "./place-file.ts";
import { type Trial, tryExecutable } from "./try-executable.ts";

/** The names that our executable is called by on a node. */
export const OWN_NAMES = ["tortie", "calico"] as const;

export interface InstalledFiles {
  readonly written: readonly string[];
  /** They were there, and stay as they were. */
  readonly kept: readonly string[];
  /** Another program's files that were replaced. */
  readonly replaced: readonly string[];
  /** Plugins that are neither here nor there. */
  readonly missing: readonly string[];
  /** Of plugins that do not run on this host: why, and what follows. */
  readonly notes: readonly string[];
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

interface OwnNames {
  /** Those that are to be written. */
  readonly names: readonly string[];
  readonly kept: readonly string[];
  readonly replaced: readonly string[];
}

function ownNames(executable: string, directory: string, { skip, update }: Wanted): OwnNames {
  const wanted = OWN_NAMES.filter((name) => !skip.has(name));
  const there = wanted.filter((name) => isThere(join(directory, name)));
  const kept = there.filter((name) => update === false || isEqualFile(executable, join(directory, name)));
  if (update === false) demandOwn(directory, kept);
  const replaced = there.filter((name) => !kept.includes(name) && !isTortie(join(directory, name)));
  return { names: wanted.filter((name) => !kept.includes(name)), kept, replaced };
}

function placeHelpers(directory: string, plans: readonly HelperPlan[]): void {
  for (const plan of plans) {
    if (plan.kind !== "write") continue;
    using copy = copyBeside(plan.source, directory, plan.name);
    copy.finish();
  }
}

/** Puts into one directory what belongs there, once all of it is known to run; a second time changes nothing. Throws InstallError. */
export function installInto(
  executable: string,
  directory: string,
  wanted: Wanted,
  host: HostViewOptions,
): InstalledFiles {
  try {
    refuseDirectories(directory, wanted);
    const { names, kept, replaced } = ownNames(executable, directory, wanted);
    const [first, ...others] = names;
    using copy = first === undefined ? undefined : copyBeside(executable, directory, first);
    const tried = copy?.path ?? kept.map((name) => join(directory, name))[0];
    const trial = tried === undefined ? undefined : trialIn(tried, host);
    const plans = planHelpers({ ...wanted, executable, directory, view: hostView(directory, host) });
    copy?.finish();
    for (const name of others) placeAgain(directory, first ?? name, name);
    placeHelpers(directory, plans);
    const helpers = (kind: HelperPlan["kind"]): string[] =>
      plans.filter((plan) => plan.kind === kind).map(({ name }) => name);
    return {
      written: [...names, ...helpers("write")],
      kept: [...kept, ...helpers("keep")],
      replaced,
      missing: helpers("missing"),
      notes: plans.flatMap((plan) => (plan.kind === "leave out" ? [plan.note] : [])),
      trial,
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
