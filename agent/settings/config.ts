import { hostname } from "node:os";
import * as v from "valibot";
import type { Environment } from "../../model/environment.ts";
import { FELIX_FILE, readFelixFile } from "./felix-file.ts";
import { type Given, givenByEnvironment, givenByFile } from "./given-settings.ts";
import {
  type Config,
  CONNECTION_NAMES,
  SETTING_KEYS,
  SETTING_ROWS,
  type SettingKey,
  Settings,
} from "./settings.ts";
import { ineffectiveSettings, unknownSettings } from "./strange-settings.ts";

export type { Config } from "./settings.ts";

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
  /** Names that look like ours or Felix's and mean nothing anywhere, each with a word on it. */
  readonly unknown: readonly string[];
  /** Settings that are somebody's, and change nothing here. */
  readonly ineffective: readonly string[];
}

export interface ReadConfigOptions {
  /** A felix.cfg that must be there, instead of the usual one, which may be missing. */
  readonly felixFile?: string;
}

interface Sources {
  readonly environment: ReadonlyMap<string, Given>;
  readonly file: ReadonlyMap<string, Given>;
}

/** The environment beats the file, but for names that everybody's environment has. */
function pick(key: SettingKey, { environment, file }: Sources): Given | undefined {
  const { name, names = [name], ambient = [] } = SETTING_ROWS[key];
  for (const one of names) if (environment.has(one)) return environment.get(one);
  for (const one of names) if (file.has(one)) return file.get(one);
  for (const one of ambient) if (environment.has(one)) return environment.get(one);
  return undefined;
}

function pickAll(sources: Sources): Map<SettingKey, Given> {
  const picked = new Map<SettingKey, Given>();
  for (const key of SETTING_KEYS) {
    const found = pick(key, sources);
    if (found?.value !== undefined) picked.set(key, found);
  }
  if (!picked.has("nodeName"))
    picked.set("nodeName", { name: "the host's name", value: hostname().trim(), prefixed: true });
  return picked;
}

function connectionValues({ environment }: Sources): Record<string, string> {
  return Object.fromEntries(
    CONNECTION_NAMES.flatMap((name) => {
      const value = environment.get(name)?.value;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Reads the environment and a felix.cfg.
 *
 * @throws ConfigError naming every bad value, what was found and what is allowed.
 */
export function readConfig(environment: Environment, { felixFile }: ReadConfigOptions = {}): ReadConfig {
  const read = readFelixFile(felixFile);
  const errors = [...read.errors];
  const sources: Sources = {
    environment: givenByEnvironment(environment, errors),
    file: givenByFile(read, felixFile ?? FELIX_FILE, errors),
  };
  const picked = pickAll(sources);
  const values = Object.fromEntries([...picked].map(([key, { value }]) => [key, value]));
  const input = { ...values, connection: connectionValues(sources) };
  const parsed = v.safeParse(Settings, input, { abortPipeEarly: true });
  for (const issue of parsed.issues ?? []) {
    const found = picked.get(issue.path?.[0].key as SettingKey);
    const [name, value] = [found?.name ?? "", JSON.stringify(found?.value)];
    errors.push(found === undefined ? issue.message : `${name}: found ${value}, allowed is ${issue.message}`);
  }
  if (!parsed.success || errors.length > 0) throw new ConfigError(errors);
  const given = [...sources.environment, ...sources.file];
  return {
    config: parsed.output,
    unknown: unknownSettings(given),
    ineffective: ineffectiveSettings(given, parsed.output),
  };
}
