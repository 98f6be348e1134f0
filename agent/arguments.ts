import { parseArgs } from "node:util";
import { CONNECTION_SETTINGS } from "../adapters/kubernetes/connection/connection-options.ts";
import { FELIX_FILE } from "./settings/felix-file.ts";
import { SETTING_ROWS } from "./settings/settings.ts";

export type AgentArguments =
  | { readonly kind: "run"; readonly felixFile: string | undefined }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly text: string };

const HINT =
  "it takes --config-file and --help only; its settings are environment variables, which --help lists";

/** The agent is told nearly everything by its environment, so that a DaemonSet, a unit and a shell say it alike. */
export function readArguments(args: readonly string[]): AgentArguments {
  const { values, tokens } = parseArgs({
    args: [...args],
    // -c and --config-file are Felix's.
    options: { help: { type: "boolean", short: "h" }, "config-file": { type: "string", short: "c" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values.help === true) return { kind: "help" };
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "option" && token.name === "config-file") continue;
    const word = token.kind === "option" ? token.rawName : token.value;
    return { kind: "wrong", text: `unknown argument ${word}; ${HINT}` };
  }
  const felixFile = values["config-file"];
  if (felixFile === undefined) return { kind: "run", felixFile };
  if (typeof felixFile === "string" && felixFile !== "") return { kind: "run", felixFile };
  return { kind: "wrong", text: "--config-file needs the path of a felix.cfg" };
}

export function agentHelp(): string {
  const settings = Object.values(SETTING_ROWS).map(({ name, means, default: fallback }) => {
    return [name, `${means} (default ${fallback})`] as const;
  });
  const all = [...settings, ...Object.entries(CONNECTION_SETTINGS)];
  const width = Math.max(...all.map(([name]) => name.length));
  return [
    "tortie agent: enforces the policies of a datastore on this node\n\n",
    "It is set up by environment variables:\n",
    ...all.map(([name, help]) => `  ${name.padEnd(width)}  ${help}\n`),
    "\nFELIX_ names are read in any case, and without FELIX_ from a felix.cfg, where the environment does not say otherwise.\n",
    `  -c, --config-file PATH  that file (default ${FELIX_FILE}, which need not be there)\n`,
    "\nRules stay in force when the agent stops or dies.\n",
    "Exit code: 0 stopped by SIGTERM or SIGINT, 1 anything else, with the reason on standard error.\n",
  ].join("");
}
