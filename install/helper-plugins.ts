import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readElf } from "./elf.ts";
import { missingLibrary } from "./host-libraries.ts";
import type { HostView } from "./host-view.ts";
import { InstallError } from "./install-error.ts";
import type { InstallOptions } from "./install-options.ts";
import { lookByHostLoader } from "./look-by-host-loader.ts";
import { isEqualFile } from "./place-file.ts";

/** Plugins of others: leases of addresses, and what runtimes call in the chain after ours. */
export const HELPERS = ["host-local", "portmap", "bandwidth", "loopback", "tuning"] as const;
type Helper = (typeof HELPERS)[number];

/** What a node lacks without them. A runtime starts no pod where a plugin that the configuration lists is missing. */
const WITHOUT: Readonly<Record<Exclude<Helper, "host-local">, string>> = {
  portmap: "pods have no hostPort; no pod starts while cni_network_config lists portmap",
  bandwidth: "pods have no limits of bandwidth; no pod starts while cni_network_config lists bandwidth",
  loopback: "containerd, which brings up the loopback of pods by it, starts none",
  tuning: "pods have no sysctls of a CNI configuration; tortie's own lists none",
};

/** What becomes of each helper plugin. */
export type HelperPlan =
  /** `source`: the file that is copied. */
  | { readonly kind: "write"; readonly name: Helper; readonly source: string }
  /** It is there already, and stays. */
  | { readonly kind: "keep"; readonly name: Helper }
  /** It is neither here nor there. */
  | { readonly kind: "missing"; readonly name: Helper }
  /** It would not run on the host; `note` says why, and what follows. */
  | { readonly kind: "leave out"; readonly name: Helper; readonly note: string };

export interface HelperQuestion extends Pick<InstallOptions, "plugins" | "skip" | "update"> {
  /** Helpers beside it come before those of `plugins`. */
  readonly executable: string;
  /** Where they belong. */
  readonly directory: string;
  /** How the host sees `directory`. */
  readonly view: HostView;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Why a plugin cannot run on the host, without running it; undefined: nothing is known that stands against it. */
function obstacle(name: Helper, file: string, view: HostView): string | undefined {
  const needs = readElf(file);
  // Scripts, and what is linked statically, need nothing that could be looked at.
  if (view.kind === "hidden" || needs?.loader === undefined) return undefined;
  const missing = missingLibrary(needs, view.root, name);
  if (missing !== undefined) return missing;
  const look = lookByHostLoader(view.root, file, needs.loader);
  return look.kind === "refused" ? look.why : undefined;
}

function remedy(view: HostView, directory: string): string {
  const path = view.kind === "seen" ? view.path : directory;
  return `put one that is made for this host into ${path} (packages kubernetes-cni and containernetworking-plugins have it), which is then left alone`;
}

function notice(name: Helper, note: string): HelperPlan {
  return { kind: "leave out", name, note };
}

function planFor(name: Helper, question: HelperQuestion): HelperPlan {
  const { executable, directory, plugins, update, view } = question;
  const source = [dirname(executable), plugins].map((one) => join(one, name)).find(isThere);
  const target = join(directory, name);
  const there = isThere(target);
  if (there && (update !== true || source === undefined || isEqualFile(source, target)))
    return { kind: "keep", name };
  if (source === undefined) return { kind: "missing", name };
  const why = obstacle(name, source, view);
  if (why === undefined) return { kind: "write", name, source };
  if (there) return notice(name, `${name} is not replaced: ${why}; the one that was there stays`);
  const mend = remedy(view, directory);
  if (name === "host-local") {
    throw new InstallError(
      `host-local does not run on this host, so nothing is installed: ${why}; pods get no address without it: ${mend}`,
    );
  }
  return notice(name, `${name} is left out: ${why}. Without it ${WITHOUT[name]}; ${mend}`);
}

/**
 * Decides about every helper plugin that is not skipped, before anything is written; what would be put there is looked at
 * first. Throws InstallError where host-local would not run, or what node:fs throws.
 */
export function planHelpers(question: HelperQuestion): HelperPlan[] {
  return HELPERS.filter((name) => !question.skip.has(name)).map((name) => planFor(name, question));
}
