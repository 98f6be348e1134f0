import type { Environment } from "../model/environment.ts";
import { unreachable } from "../model/unreachable.ts";
import { add } from "./add.ts";
import { type Call, pathsOf } from "./call.ts";
import { check } from "./check.ts";
import { CniError, printError } from "./cni-error.ts";
import { NEWEST_VERSION } from "../handshake/cni-version.ts";
import { del } from "./del.ts";
import { readPluginPath, readVerb, type Verb } from "./environment.ts";
import { gc } from "./gc.ts";
import { parseStdin, readNetworkConfiguration, readVersion } from "./netconf.ts";
import type { NodeParts } from "./node-parts.ts";
import { openPluginLog, type PluginLog } from "./plugin-log.ts";
import { status } from "./status.ts";
import { toCniError } from "./to-cni-error.ts";
import { answerVersion } from "./version.ts";

/** One call as it comes from a container runtime. */
export interface Asked {
  readonly environment: Environment;
  readonly readStdin: () => Promise<string>;
  readonly node: NodeParts;
  readonly stopping: AbortSignal;
  /** Where helpers are looked for that are not along CNI_PATH. */
  readonly ownDirectory: string;
  readonly openLog?: (level: string) => PluginLog;
  /** To standard output, now. Throws what kept it from getting there. */
  readonly print: (text: string) => void;
}

export interface Answered {
  readonly exitCode: 0 | 1;
  /** For standard output, where it was not printed before. */
  readonly output: string;
}

function carryOut(verb: Exclude<Verb, "VERSION">, call: Call): Promise<string> {
  switch (verb) {
    case "ADD":
      return add(call);
    case "DEL":
      return del(call);
    case "CHECK":
      return check(call);
    case "STATUS":
      return status(call);
    case "GC":
      return gc(call);
    default:
      return unreachable(verb);
  }
}

/** A configuration that cannot be served keeps the node from being ready. */
function ofStatus(error: CniError): CniError {
  return error.code === "field" || error.code === "configuration"
    ? new CniError("unavailable", `no pod can be wired: ${error.message}`, error.next)
    : error;
}

/** Does what a container runtime asks for; whatever goes wrong becomes the specification's error object. */
export async function answer(asked: Asked): Promise<Answered> {
  const { environment, node, stopping, openLog = openPluginLog } = asked;
  let cniVersion: string = NEWEST_VERSION;
  let log = openLog("warning");
  let verb: Verb | undefined;
  try {
    verb = readVerb(environment);
    const stdin = await asked.readStdin();
    const given = verb === "VERSION" && stdin.trim() === "" ? { cniVersion } : parseStdin(stdin);
    if (verb === "VERSION") return { exitCode: 0, output: answerVersion(given) };
    cniVersion = readVersion(given);
    const configuration = readNetworkConfiguration(given, verb);
    log = openLog(configuration.logLevel);
    for (const text of configuration.ignored) log.debug(text);
    const call: Call = {
      environment,
      pluginPath: readPluginPath(environment, asked.ownDirectory),
      configuration,
      paths: pathsOf(configuration),
      node,
      log,
      stopping,
      print: asked.print,
    };
    return { exitCode: 0, output: await carryOut(verb, call) };
  } catch (error) {
    const told = toCniError(error);
    if (told.code === "bug" && error instanceof Error) log.error(error.stack ?? error.message);
    return { exitCode: 1, output: printError(verb === "STATUS" ? ofStatus(told) : told, cniVersion) };
  }
}
