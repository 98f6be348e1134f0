import { Command, CommanderError } from "commander";
import { CtlError } from "./ctl-error.ts";
import { type AskedGet, getCommand, logOption } from "./get-command.ts";

export type Asked =
  | AskedGet
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

/** Commands of Calico's that this version only knows by name. */
const LATER: Readonly<Record<string, string>> = {
  create: "make resources",
  apply: "make resources, or bring them up to date",
  replace: "bring resources up to date",
  patch: "change fields of a resource",
  delete: "remove resources",
  label: "change labels of a resource",
  validate: "check files of resources",
  ipam: "addresses of pods",
  node: "this machine as a node",
  config: "settings of 2016",
  convert: "resources of 2016 in today's API",
  cluster: "collect what helps to find faults",
  datastore: "move between datastores",
};

function laterCommand(name: string, what: string, program: string): Command {
  return new Command(name)
    .description(`later: ${what}`)
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new CtlError(`${program} ${name} comes in a later version; this one has get and version`);
    });
}

/** Reads the command line; `program` is how the user called it. */
export function readCommandLine(args: readonly string[], program: string): Asked {
  let printed = "";
  let asked: Asked | undefined;
  const print = (text: string): void => void (printed += text);
  const set = (found: Asked): void => void (asked = found);
  const command = new Command(program)
    .description("calicoctl, reading Calico's resources from the Kubernetes API.")
    .usage("[options] <command>")
    .addOption(logOption());
  const version = new Command("version")
    .description("Print the version of this client.")
    .option("--client", "accepted for scripts: the cluster is never asked")
    .action(() => set({ kind: "version" }));
  const later = Object.entries(LATER).map(([name, what]) => laterCommand(name, what, program));
  for (const sub of [getCommand(set), version, ...later]) command.addCommand(sub);
  for (const one of [command, ...command.commands]) {
    one.configureOutput({ writeOut: print, writeErr: print }).exitOverride();
  }
  // Every other program's way to ask for it.
  if (args.length === 1 && ["--version", "-v"].includes(args[0] ?? "")) return { kind: "version" };
  try {
    // Today's calicoctl takes -a for -A.
    command.parse(
      args.map((word) => (word === "-a" ? "-A" : word)),
      { from: "user" },
    );
    return asked ?? { kind: "help", text: printed };
  } catch (error) {
    if (error instanceof CtlError) return { kind: "wrong", text: error.message };
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "help", text: printed };
    if (error.code === "commander.help") return { kind: "wrong", text: printed.trimEnd() };
    const invalid = `Invalid option: '${program} ${args.join(" ")}'. Use flag '--help' to read about a specific subcommand.`;
    return {
      kind: "wrong",
      text: `${invalid}\n(${printed
        .trim()
        .replace(/^error: /, "")
        .replaceAll("\n", " ")})`,
    };
  }
}
