import { hostname } from "node:os";
import * as v from "valibot";
import { nearNames } from "../model/near-names.ts";
import { type Config, SETTING_HELP, type SettingName, Settings } from "./settings.ts";

export type { Config } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every bad value, one line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join("\n"));
    this.lines = lines;
  }
}

export interface ReadConfig {
  readonly config: Config;
  /** Names that look like ours or Felix's and mean nothing here, each with a word on it. */
  readonly unknown: readonly string[];
}

const NAMES = Object.keys(SETTING_HELP) as SettingName[];

/** Other names of the same things, by falling priority; Felix also reads its node name from FelixHostname. */
const ALIASES: Readonly<Partial<Record<SettingName, readonly string[]>>> = {
  DATASTORE_TYPE: ["DATASTORE_TYPE", "FELIX_DATASTORETYPE"],
  NODENAME: ["FELIX_FELIXHOSTNAME", "NODENAME", "HOSTNAME"],
};

// Kubernetes puts the addresses of a service named `felix-x` or `tortie` into every pod's environment.
const SERVICE_LINK = /_(SERVICE_(HOST|PORT(_.+)?)|PORT(_.+)?)$/;

interface Given {
  /** As the user wrote it. */
  readonly name: string;
  readonly value: string;
}

/** What is set, by upper-case name for FELIX_* and TORTIE_* (Felix reads these in any case), by exact name otherwise. */
function givenValues(environment: Environment, errors: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [name, written] of Object.entries(environment)) {
    const value = written?.trim() ?? "";
    const key = /^(felix|tortie)_/i.test(name) ? name.toUpperCase() : name;
    if (value === "" || (key.startsWith("FELIX_") && key !== "FELIX_LOGSEVERITYSCREEN" && value === "none"))
      continue;
    const before = given.get(key);
    if (before !== undefined && before.value !== value) {
      errors.push(`${name} and ${before.name} are the same setting with two values: remove one`);
    }
    given.set(key, { name, value });
  }
  return given;
}

/** The host's own name as the kubelet makes a node name of it. */
function hostNodeName(): Given {
  return { name: "the host's name", value: hostname().trim().toLowerCase() };
}

function pick(name: SettingName, given: ReadonlyMap<string, Given>): Given | undefined {
  for (const alias of ALIASES[name] ?? [name]) {
    const found = given.get(alias);
    if (found !== undefined)
      return alias === "HOSTNAME" ? { ...found, value: found.value.toLowerCase() } : found;
  }
  return name === "NODENAME" ? hostNodeName() : undefined;
}

function unknownNames(given: ReadonlyMap<string, Given>): string[] {
  const known = [...NAMES, ...Object.values(ALIASES).flat()];
  return [...given]
    .filter(([key]) => /^(FELIX|TORTIE)_/.test(key) && !known.includes(key) && !SERVICE_LINK.test(key))
    .map(([key, { name }]) => {
      const [meant] = nearNames(key, known, 1);
      return meant === undefined ? name : `${name} (did you mean ${meant}?)`;
    });
}

/**
 * Reads the environment.
 *
 * @throws ConfigError naming every bad value, what was found and what is allowed.
 */
export function readConfig(environment: Environment): ReadConfig {
  const errors: string[] = [];
  const given = givenValues(environment, errors);
  const picked = new Map<string, Given>();
  for (const name of NAMES) {
    const found = pick(name, given);
    if (found !== undefined) picked.set(name, found);
  }
  const values = Object.fromEntries([...picked].map(([name, { value }]) => [name, value]));
  const parsed = v.safeParse(Settings, values, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) {
    const found = picked.get(String(issue.path?.[0].key));
    errors.push(`${found?.name ?? ""}: found ${JSON.stringify(found?.value)}, allowed is ${issue.message}`);
  }
  if (!parsed.success || errors.length > 0) throw new ConfigError(errors);
  return { config: parsed.output, unknown: unknownNames(given) };
}
