import { Command, CommanderError } from "commander";
import { isInPod } from "../handshake/in-pod.ts";
import type { Environment } from "../model/environment.ts";
import { InstallError } from "./install-error.ts";

/** What `tortie install` was asked, by its words and by the environment that Calico's manifests give. */
export interface InstallOptions {
  /** Undefined: the one that runs. */
  readonly executable: string | undefined;
  /** Where plugins of others are taken from. */
  readonly plugins: string;
  /** Empty: looked for. */
  readonly binDirectories: readonly string[];
  /** Undefined: looked for. */
  readonly hostRoot: string | undefined;
  readonly takeover: boolean;
  /** Calico's rules go even before there are others. */
  readonly unprotected: boolean;
  /** Whether files that are there are replaced; undefined: those of our own names only. */
  readonly update: boolean | undefined;
  readonly skip: ReadonlySet<string>;
  readonly sleep: boolean;
}

export type Asked<Options> =
  | { readonly kind: "options"; readonly options: Options }
  | { readonly kind: "help"; readonly text: string };

/** True and false as YAML, Calico and people write them; undefined: not set. Throws InstallError. */
export function readSwitch(environment: Environment, name: string): boolean | undefined {
  const value = environment[name]?.trim().toLowerCase() ?? "";
  if (value === "") return undefined;
  if (["true", "1", "yes", "t"].includes(value)) return true;
  if (["false", "0", "no", "f"].includes(value)) return false;
  throw new InstallError(`${name}: found "${environment[name]}", allowed is true or false`);
}

/** Reads words by a command; throws InstallError for what it does not take. */
export function readWords<Options>(
  command: Command,
  args: readonly string[],
  read: (options: Readonly<Record<string, unknown>>) => Options,
): Asked<Options> {
  let printed = "";
  const print = (text: string): void => void (printed += text);
  command.configureOutput({ writeOut: print, writeErr: print }).exitOverride();
  try {
    command.parse([...args], { from: "user" });
    return { kind: "options", options: read(command.opts()) };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "help", text: printed };
    throw new InstallError(printed.trim().replace(/^error: /, ""));
  }
}

/** For an option that may be given again. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

const ENVIRONMENT_HELP = `
Environment:
  UPDATE_CNI_BINARIES  true: plugins of others that are there are replaced, too; false: nothing that is there is
  SKIP_CNI_BINARIES    names of files that are not installed, with commas between them
  SLEEP                true: stay until a signal comes, as a container beside the agent; an init container needs false
                       (default: true in a pod, else false)

The CNI configuration is written by the agent, once its rules are in the kernel.`;

/** Throws InstallError. */
export function readInstallOptions(args: readonly string[], environment: Environment): Asked<InstallOptions> {
  const command = new Command("tortie install")
    .description(
      "Put the CNI plugin on this node: this file as calico and tortie, and the plugins that it calls.",
    )
    .option("--executable <file>", "the executable to install (default: the one that runs)")
    .option("--plugins <directory>", "where host-local, portmap, ... are taken from", "/opt/cni/bin")
    .option(
      "--bin-dir <directory>",
      "where plugins belong; may be given again (default: /host/opt/cni/bin and /host/secondary-bin-dir, else /opt/cni/bin)",
      several,
    )
    .option(
      "--host-root <directory>",
      "the host's root directory, to try the plugin in (default: looked for)",
    )
    .option("--takeover", "remove the rules that Calico left in the kernel, once the agent's are there")
    .option("--unprotected", "with --takeover: even while the agent's are not there, so pods are open")
    .addHelpText("after", ENVIRONMENT_HELP);
  return readWords(command, args, (given): InstallOptions => {
    const {
      executable,
      plugins,
      binDir = [],
      hostRoot,
      takeover = false,
      unprotected = false,
    } = given as {
      readonly executable?: string;
      readonly plugins: string;
      readonly binDir?: readonly string[];
      readonly hostRoot?: string;
      readonly takeover?: boolean;
      readonly unprotected?: boolean;
    };
    const skip = (environment["SKIP_CNI_BINARIES"] ?? "").split(",").map((name) => name.trim());
    return {
      executable,
      plugins,
      binDirectories: binDir,
      hostRoot,
      takeover,
      unprotected,
      update: readSwitch(environment, "UPDATE_CNI_BINARIES"),
      skip: new Set(skip.filter((name) => name !== "")),
      sleep: readSwitch(environment, "SLEEP") ?? isInPod(environment),
    };
  });
}
