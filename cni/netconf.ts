import {
  type PluginConfiguration,
  readPluginConfiguration,
  readSpokenVersion,
  type RefusedConfiguration,
} from "../handshake/plugin-configuration.ts";
import type { Fields } from "../handshake/calico-fields.ts";
import { type CniVersion, isAtLeast } from "../handshake/cni-version.ts";
import { echo, shortened } from "../model/echo.ts";
import { CniError } from "./cni-error.ts";
import { type Verb, VERB_SINCE } from "./environment.ts";

export type { ValidAttachment } from "../handshake/plugin-configuration.ts";

/** The network's configuration, checked. */
export type NetworkConfiguration = PluginConfiguration;

/** Far more than any network needs, and far less than what nobody could write down again. */
const DEEPEST = 100;

function isDeeper(given: unknown, depth: number): boolean {
  if (typeof given !== "object" || given === null) return false;
  return depth < 0 || Object.values(given).some((part) => isDeeper(part, depth - 1));
}

/** What stands on standard input. Throws CniError. */
export function parseStdin(stdin: string): Fields {
  let given: unknown;
  try {
    given = JSON.parse(stdin);
  } catch (error) {
    const found = stdin.trim() === "" ? "is empty" : `is not JSON: ${shortened((error as Error).message)}`;
    throw new CniError("notJson", `standard input ${found}`, "give the network's configuration there");
  }
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  if (isObject && !isDeeper(given, DEEPEST)) return given as Fields;
  const found = isObject ? `nested more than ${DEEPEST} deep` : Array.isArray(given) ? "a list" : echo(given);
  throw new CniError(
    "configuration",
    `the network's configuration is ${found}`,
    "give one plugin's configuration, a JSON object",
  );
}

function refusal({ code, found, next }: RefusedConfiguration): CniError {
  return new CniError(code, found, next);
}

/** The configuration's version, where it is one that is spoken here. Throws CniError. */
export function readVersion(whole: Fields): CniVersion {
  const read = readSpokenVersion(whole);
  if (!read.ok) throw refusal(read);
  return read.version;
}

function demandVerb(version: CniVersion, verb: Verb): void {
  const since = VERB_SINCE[verb];
  if (isAtLeast(version, since)) return;
  throw new CniError("version", `cniVersion is "${version}", which has no ${verb}`, `it came with ${since}`);
}

/** Throws CniError: a version, a field that is not supported, or one that is wrong. */
export function readNetworkConfiguration(whole: Fields, verb: Verb): NetworkConfiguration {
  demandVerb(readVersion(whole), verb);
  // What was wired by a configuration of another plugin, or of former days, must still be undone.
  const read = readPluginConfiguration(whole, { undoing: verb === "DEL" || verb === "GC" });
  if (!read.ok) throw refusal(read);
  return read.configuration;
}
