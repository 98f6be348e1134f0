import { resolve } from "node:path";
import * as v from "valibot";
import { readBoolean } from "../../adapters/kubernetes/connection/connection-options.ts";
import { type Family, parseAddress } from "../../model/address.ts";
import { type Cidr, cidrFamily, parseCidr } from "../../model/cidr.ts";

/** How a text becomes a value. */
export interface SettingKind<Value> {
  /** For the documentation: `boolean`, `duration`. */
  readonly type: string;
  /** What may be written; errors and the documentation say it. */
  readonly allowed: string;
  /** Its issues say `allowed`. */
  readonly schema: v.GenericSchema<string, Value>;
}

const BOOLEAN_WORDS = "true or false";

/** In the spellings that Calico has taken over the years. */
export const BOOLEAN: SettingKind<boolean> = {
  type: "boolean",
  allowed: BOOLEAN_WORDS,
  schema: v.pipe(v.string(), v.transform(readBoolean), v.boolean(BOOLEAN_WORDS)),
};

/** For a switch that is named the other way round than its value. */
export const NOT_BOOLEAN: SettingKind<boolean> = {
  ...BOOLEAN,
  schema: v.pipe(
    BOOLEAN.schema,
    v.transform((on) => !on),
  ),
};

// @__NO_SIDE_EFFECTS__
export function oneOf<const Values extends readonly string[]>(
  values: Values,
  elsewhere = "",
): SettingKind<Values[number]> {
  const allowed = `one of ${values.join(", ")}${elsewhere}`;
  return { type: "word", allowed, schema: v.pipe(v.string(), v.toLowerCase(), v.picklist(values, allowed)) };
}

// @__NO_SIDE_EFFECTS__
export function wholeNumber(first: number, last: number): SettingKind<number> {
  const allowed = `a whole number from ${first} to ${last}`;
  const schema = v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, allowed),
    v.transform(Number),
    v.minValue(first, allowed),
    v.maxValue(last, allowed),
  );
  return { type: "number", allowed, schema };
}

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
  ["ms", 1e-3],
  ["us", 1e-6],
  ["ns", 1e-9],
]);
const AMOUNT = /(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g;

/** Bare seconds as Felix takes them, or Go's way: `90s`, `1m30s`. NaN for anything else. */
export function readSeconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === "" || text.replaceAll(AMOUNT, "") !== "") return Number.NaN;
  return [...text.matchAll(AMOUNT)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_SECONDS.get(unit ?? "") ?? Number.NaN),
    0,
  );
}

/** Seconds. */
// @__NO_SIDE_EFFECTS__
export function duration(first: number, last: number): SettingKind<number> {
  const allowed = `seconds from ${first} to ${last}, as \`90\`, \`90s\` or \`1m30s\``;
  const schema = v.pipe(
    v.string(),
    v.transform(readSeconds),
    v.check((seconds) => seconds >= first && seconds <= last, allowed),
  );
  return { type: "duration", allowed, schema };
}

const NODE_NAME_WORDS = "a Kubernetes node name: lower-case letters, digits, '-' and '.', at most 253";

/** In lower case, as the kubelet makes a node name of a host's. */
export const NODE_NAME: SettingKind<string> = {
  type: "name",
  allowed: NODE_NAME_WORDS,
  schema: v.pipe(
    v.string(),
    v.toLowerCase(),
    v.regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, NODE_NAME_WORDS),
  ),
};

/** Relative to where the process was started, as anywhere on a command line. */
export const DIRECTORY: SettingKind<string> = {
  type: "path",
  allowed: "a path",
  schema: v.pipe(
    v.string(),
    v.transform((path) => resolve(path)),
  ),
};

const LISTENING_WORDS = "an IP address or localhost";

export const LISTENING: SettingKind<string> = {
  type: "address",
  allowed: LISTENING_WORDS,
  schema: v.pipe(
    v.string(),
    v.check((text) => text === "localhost" || parseAddress(text) !== undefined, LISTENING_WORDS),
  ),
};

export const TEXT: SettingKind<string> = { type: "text", allowed: "any text", schema: v.string() };

const FILE_NAME_WORDS = "the name of a file, without a directory";

export const FILE_NAME: SettingKind<string> = {
  type: "name",
  allowed: FILE_NAME_WORDS,
  schema: v.pipe(v.string(), v.regex(/^(?!\.\.?$)[^/\0]{1,255}$/, FILE_NAME_WORDS)),
};

/** A block of addresses of one family. */
// @__NO_SIDE_EFFECTS__
export function block(family: Family): SettingKind<Cidr> {
  const allowed = `a block of IPv${family} addresses, such as ${family === 4 ? "10.244.0.0/16" : "fd00:10:244::/56"}`;
  const schema = v.pipe(
    v.string(),
    v.transform((text) => parseCidr(text)),
    v.check((cidr) => cidr !== undefined && cidrFamily(cidr) === family, allowed),
    v.transform((cidr) => cidr as Cidr),
  );
  return { type: "block", allowed, schema };
}
