import { statSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

export interface PreflightOptions {
  readonly output: "text" | "json";
  /** Undefined: looked for. */
  readonly hostRoot: string | undefined;
  /** A felix.cfg, as the agent is given it. */
  readonly felixFile: string | undefined;
}

export type Asked =
  | { readonly kind: "options"; readonly options: PreflightOptions }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

const MORE = `
It reads the agent's settings from the environment (DATASTORE_TYPE=kubernetes, KUBECONFIG, NODENAME,
CALICO_MANAGE_CNI, ...; see tortie agent --help) and changes nothing, whether an agent runs or not.
Without root it says what it cannot look at.

Exit code: 0 nothing failed, 1 something failed, 2 wrong use.`;

function directory(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw new InvalidArgumentError("There is no such directory.");
}

export function readOptions(args: readonly string[]): Asked {
  let printed = "";
  const print = (text: string): void => void (printed += text);
  const command = new Command("tortie preflight")
    .description("Check whether this node, and its cluster, have what tortie needs.")
    .addOption(new Option("-o, --output <format>", "text or json").choices(["text", "json"]).default("text"))
    .option(
      "--host-root <directory>",
      "the host's root directory (default: /host in a pod, else /)",
      directory,
    )
    .option("-c, --config-file <path>", "the felix.cfg that the agent is given")
    .addHelpText("after", MORE)
    .configureOutput({ writeOut: print, writeErr: print })
    .exitOverride();
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "help", text: printed };
    return { kind: "wrong", text: printed.trim().replace(/^error: /, "") };
  }
  const given = command.opts<{ output: "text" | "json"; hostRoot?: string; configFile?: string }>();
  const { output, hostRoot, configFile: felixFile } = given;
  return { kind: "options", options: { output, hostRoot, felixFile } };
}
