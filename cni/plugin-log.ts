import { writeSync } from "node:fs";

const LEVELS = ["debug", "info", "warning", "error"] as const;

type Level = (typeof LEVELS)[number];

/** Calico's words for levels, and what they are here. */
const SPELLINGS: ReadonlyMap<string, Level> = new Map([
  ["trace", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warning"],
  ["warning", "warning"],
  ["error", "error"],
  ["fatal", "error"],
  ["panic", "error"],
]);

export interface PluginLog {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
}

/** To standard error, by a system call of its own. Nobody is told where nobody reads. */
function standardError(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // A closed or full pipe: the pod matters more than the line.
  }
}

/** Lines `tortie cni: LEVEL: TEXT` from `level` on, in any of Calico's spellings; an unknown one is told of and is `warning`. */
export function openPluginLog(level: string, write: (line: string) => void = standardError): PluginLog {
  const lowest = SPELLINGS.get(level.toLowerCase());
  const from = LEVELS.indexOf(lowest ?? "warning");
  const at =
    (lineLevel: Level) =>
    (text: string): void => {
      if (LEVELS.indexOf(lineLevel) >= from) write(`tortie cni: ${lineLevel}: ${text}\n`);
    };
  const log = { debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") };
  if (lowest === undefined) log.warning(`log_level is "${level}", taken for warning`);
  return log;
}
