import { Command, Option } from "commander";
import { NAMESPACE_RULE } from "../adapters/objects/metadata.ts";
import { isNamespaceName } from "../adapters/objects/names.ts";
import { CtlError } from "./ctl-error.ts";
import type { GetRequest } from "./get.ts";
import { kindsText, readKind } from "./kinds.ts";
import { readOutput } from "./output.ts";
import type { ViewVersion } from "./views/pick.ts";

export interface AskedGet {
  readonly kind: "get";
  readonly request: GetRequest;
  /** What -c says. */
  readonly config: string | undefined;
  readonly context: string | undefined;
}

const LOG_LEVELS = ["panic", "fatal", "error", "warn", "info", "debug"];

/** Go's readers of flags take -o=yaml, and its users type it. */
function value(text: string): string {
  return text.replace(/^=/, "");
}

function logLevel(text: string): string {
  const level = value(text);
  if (LOG_LEVELS.includes(level.toLowerCase())) return level;
  throw new CtlError(`-l ${level}: it is ${LOG_LEVELS.slice(0, -1).join(", ")} or ${LOG_LEVELS.at(-1)}`);
}

function viewVersion(text: string): ViewVersion {
  const version = value(text);
  if (version === "v1" || version === "v3") return version;
  throw new CtlError(`--view ${version}: it is v1 or v3`);
}

/** The log level, which says nothing to us: before the command and after it. */
export function logOption(): Option {
  return new Option("-l, --log-level <level>", `accepted for scripts: ${LOG_LEVELS.join(", ")}`).argParser(
    logLevel,
  );
}

interface GetOptions {
  readonly output: string;
  readonly config?: string;
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly context?: string;
  readonly view?: ViewVersion;
  readonly export?: true;
  readonly filename?: string;
  readonly recursive?: true;
  readonly skipEmpty?: true;
}

function readGet(kind: string | undefined, names: readonly string[], options: GetOptions): AskedGet {
  if (options.filename !== undefined || options.recursive === true || options.skipEmpty === true) {
    throw new CtlError(
      "-f, -R and --skip-empty come in a later version; name the kind, for example: get nodes",
    );
  }
  if (kind === undefined) throw new CtlError("get what? name a kind, for example: get workloadendpoints");
  const { namespace, config, context } = options;
  if (namespace !== undefined && !isNamespaceName(namespace)) {
    throw new CtlError(`-n ${JSON.stringify(namespace)}: ${NAMESPACE_RULE}`);
  }
  const request: GetRequest = {
    kind: readKind(kind),
    names,
    output: readOutput(options.output),
    namespace,
    allNamespaces: options.allNamespaces === true,
    version: options.view,
    export: options.export === true,
  };
  return { kind: "get", request, config, context };
}

/** `get`; what it was asked for goes to `set`. Its mistakes are thrown as CtlError. */
export function getCommand(set: (asked: AskedGet) => void): Command {
  return new Command("get")
    .description("Show resources of a kind, all of them or those that are named.")
    .argument("[KIND]")
    .argument("[NAME...]")
    .addOption(
      new Option("-o, --output <format>", "ps, wide, yaml, json or custom-columns=A,B")
        .default("ps")
        .argParser(value),
    )
    .addOption(new Option("-n, --namespace <namespace>", "of this namespace only").argParser(value))
    .option("-A, --all-namespaces", "of all namespaces")
    .addOption(
      new Option("-c, --config <file>", "how to connect (default: /etc/calico/calicoctl.cfg)").argParser(
        value,
      ),
    )
    .option("--context <context>", "context of the kubeconfig")
    .addOption(
      new Option("--view <version>", "resources as of 2016 (v1) or of today (v3)").argParser(viewVersion),
    )
    .option("--export", "named resources without what only this cluster knows")
    .option("--allow-version-mismatch", "accepted for scripts: versions are not compared")
    .addOption(logOption())
    .addOption(new Option("-f, --filename <file>").argParser(value).hideHelp())
    .addOption(new Option("-R, --recursive").hideHelp())
    .addOption(new Option("--skip-empty").hideHelp())
    .addHelpText("after", `\nKinds, in any case:\n${kindsText()}`)
    .action((kind: string | undefined, names: readonly string[], options: GetOptions) =>
      set(readGet(kind, names, options)),
    );
}
