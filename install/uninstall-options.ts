import { Command } from "commander";
import { isDirectory, NET_DIRECTORY, netDirectories } from "../handshake/cni-files.ts";
import { RUN_DIRECTORY, STATE_DIRECTORY } from "../handshake/run-paths.ts";
import type { Environment } from "../model/environment.ts";
import { presentBinDirectories } from "./bin-directories.ts";
import { type Asked, readSwitch, readWords, several } from "./install-options.ts";

/** Where on a node something of ours may be. */
export interface NodePlaces {
  readonly binDirectories: readonly string[];
  readonly netDirectories: readonly string[];
  readonly runDirectory: string;
  readonly stateDirectory: string;
}

export interface UninstallOptions {
  readonly dryRun: boolean;
  /** Where nothing is left, it stays until a signal comes. */
  readonly sleep: boolean;
  readonly places: NodePlaces;
  /** Directories that were given and are none, each with its option. */
  readonly missing: readonly string[];
}

const EXIT_HELP = `
Environment:
  SLEEP  true: where nothing is left, stay until a signal comes, as the container of a DaemonSet; else end

Exit code: 0 nothing of tortie is left, 1 something is left, or the agent lives, with the reason on standard error.`;

function missingOf(option: string, given: readonly string[]): string[] {
  return given.filter((path) => !isDirectory(path)).map((path) => `${path} (${option})`);
}

/** Throws InstallError. */
export function readUninstallOptions(
  args: readonly string[],
  environment: Environment,
): Asked<UninstallOptions> {
  const command = new Command("tortie uninstall")
    .description("Take everything of tortie off this node. Stop the agent first.")
    .option("--dry-run", "only say what there is")
    .option(
      "--bin-dir <directory>",
      "where plugins are, as tortie install was told; may be given again (default: /host/opt/cni/bin, /host/usr/lib/cni and /host/secondary-bin-dir, else /opt/cni/bin and /usr/lib/cni)",
      several,
    )
    .option(
      "--net-dir <directory>",
      "where CNI configurations are; may be given again (default: CNI_NET_DIR, as the agent finds it)",
      several,
    )
    .option(
      "--run-dir <directory>",
      `the agent's socket and records (default: ${environment["TORTIE_RUNDIRECTORY"] ?? RUN_DIRECTORY})`,
    )
    .option(
      "--state-dir <directory>",
      `the MTU of pods (default: ${environment["TORTIE_STATEDIRECTORY"] ?? STATE_DIRECTORY})`,
    )
    .addHelpText("after", EXIT_HELP);
  return readWords(command, args, (given): UninstallOptions => {
    const {
      dryRun = false,
      binDir = [],
      netDir = [],
      runDir = environment["TORTIE_RUNDIRECTORY"] ?? RUN_DIRECTORY,
      stateDir = environment["TORTIE_STATEDIRECTORY"] ?? STATE_DIRECTORY,
    } = given as {
      readonly dryRun?: boolean;
      readonly binDir?: readonly string[];
      readonly netDir?: readonly string[];
      readonly runDir?: string;
      readonly stateDir?: string;
    };
    return {
      dryRun,
      sleep: readSwitch(environment, "SLEEP") ?? false,
      places: {
        binDirectories: presentBinDirectories(binDir),
        netDirectories:
          netDir.length > 0 ? netDir : netDirectories(environment["CNI_NET_DIR"] ?? NET_DIRECTORY),
        runDirectory: runDir,
        stateDirectory: stateDir,
      },
      missing: [...missingOf("--bin-dir", binDir), ...missingOf("--net-dir", netDir)],
    };
  });
}
