import type { Environment } from "../../model/environment.ts";
import type { FelixFile } from "./felix-file.ts";

/** One thing that somebody set. */
export interface Given {
  /** As it was written, with the place where it is no variable. */
  readonly name: string;
  /** Undefined: said to be empty, which hides what comes after it. */
  readonly value: string | undefined;
  /** In a file FELIX_ is left out. */
  readonly prefixed: boolean;
}

// A word of its own among the levels of the log.
const LEVELS = "FELIX_LOGSEVERITYSCREEN";

/** Felix takes "none" for no value. */
function orNone(key: string, text: string): string | undefined {
  return key.startsWith("FELIX_") && key !== LEVELS && text.toLowerCase() === "none" ? undefined : text;
}

function put(given: Map<string, Given>, key: string, one: Given, errors: string[]): void {
  const before = given.get(key);
  if (before !== undefined && before.value !== one.value) {
    errors.push(`${one.name} and ${before.name} are the same setting with two values: remove one`);
  }
  given.set(key, one);
}

/** What is set, by upper-case name for FELIX_* and TORTIE_* (Felix reads these in any case), by exact name otherwise. */
export function givenByEnvironment(environment: Environment, errors: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [name, written] of Object.entries(environment)) {
    const text = written?.trim() ?? "";
    const key = /^(felix|tortie)_/i.test(name) ? name.toUpperCase() : name;
    if (text !== "") put(given, key, { name, value: orNone(key, text), prefixed: true }, errors);
  }
  return given;
}

/** What a felix.cfg sets, by the name of the variable that would say it. */
export function givenByFile({ lines }: FelixFile, path: string, errors: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const { name, value, line } of lines) {
    const key = `FELIX_${name.toUpperCase()}`;
    const one: Given = { name: `${path}:${line}: ${name}`, value: orNone(key, value), prefixed: false };
    if (value !== "") put(given, key, one, errors);
  }
  return given;
}
