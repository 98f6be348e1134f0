import { parseArgs } from "node:util";
import { SETTING_HELP } from "./settings.ts";

export type AgentArguments =
  | { readonly kind: "run" }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly text: string };

/** The agent is told everything by its environment, so that a DaemonSet, a unit and a shell say it alike. */
export function readArguments(args: readonly string[]): AgentArguments {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: { help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values.help === true) return { kind: "help" };
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    const word = token.kind === "option" ? token.rawName : token.value;
    const hint = "it takes --help only; its settings are environment variables, which --help lists";
    return { kind: "wrong", text: `unknown argument ${word}; ${hint}` };
  }
  return { kind: "run" };
}

export function agentHelp(): string {
  const width = Math.max(...Object.keys(SETTING_HELP).map((name) => name.length));
  const settings = Object.entries(SETTING_HELP).map(([name, help]) => `  ${name.padEnd(width)}  ${help}\n`);
  return [
    "tortie agent: enforces the policies of a datastore on this node\n\n",
    "It is set up by environment variables:\n",
    ...settings,
    "\nFELIX_ names are read in any case. Rules stay in force when the agent stops or dies.\n",
    "Exit code: 0 stopped by SIGTERM or SIGINT, 1 anything else, with the reason on standard error.\n",
  ].join("");
}
