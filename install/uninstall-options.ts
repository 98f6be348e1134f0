import { Command } from "commander";
import { NET_DIRECTORY, netDirectories } from "../handshake/cni-files.ts";
import { RUN_DIRECTORY } from "../handshake/run-paths.ts";
import { presentBinDirectories } from "./bin-directories.ts";
import { type Asked, type Environment, readWords, several } from "./install-options.ts";

/** Where on a node something of ours may be. */
export interface NodePlaces {
  readonly binDirectories: readonly string[];
  readonly netDirectories: readonly string[];
  readonly runDirectory: string;
  readonly stateDirectory: string;
}

export interface UninstallOptions {
  readonly dryRun: boolean;
  readonly places: NodePlaces;
}

/** As the agent has it unless it is told otherwise. */
const STATE_DIRECTORY = "/var/lib/calico";

/** Throws InstallError. */
export function readUninstallOptions(
  args: readonly string[],
  environment: Environment,
): Asked<UninstallOptions> {
  const none: readonly string[] = [];
  const command = new Command("tortie uninstall")
    .description("Take everything of tortie off this node. Stop the agent first.")
    .option("--dry-run", "only say what there is", false)
    .option(
      "--bin-dir <directory>",
      "where plugins are; may be given again (default: as tortie install finds them)",
      several,
      none,
    )
    .option(
      "--net-dir <directory>",
      "where CNI configurations are; may be given again (default: CNI_NET_DIR, as the agent finds it)",
      several,
      none,
    )
    .option("--run-dir <directory>", "the agent's socket and records", environment["TORTIE_RUNDIRECTORY"])
    .option("--state-dir <directory>", "the MTU of pods", environment["TORTIE_STATEDIRECTORY"]);
  return readWords(command, args, (given): UninstallOptions => {
    const { dryRun, binDir, netDir, runDir, stateDir } = given as {
      readonly dryRun: boolean;
      readonly binDir: readonly string[];
      readonly netDir: readonly string[];
      readonly runDir?: string;
      readonly stateDir?: string;
    };
    return {
      dryRun,
      places: {
        binDirectories: presentBinDirectories(binDir),
        netDirectories:
          netDir.length > 0 ? netDir : netDirectories(environment["CNI_NET_DIR"] ?? NET_DIRECTORY),
        runDirectory: runDir ?? RUN_DIRECTORY,
        stateDirectory: stateDir ?? STATE_DIRECTORY,
      },
    };
  });
}
