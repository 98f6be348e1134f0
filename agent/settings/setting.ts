import * as v from "valibot";
import type { SettingKind } from "./setting-kinds.ts";

/** How a setting is named and what it does. */
export interface SettingAbout {
  /** Its environment variable: Calico's name where Calico has the thing (FELIX_: its parameter's name). */
  readonly name: string;
  /** All its names by falling priority, where there is more than `name`. */
  readonly names?: readonly string[];
  /** Names that are set for everybody, so that a felix.cfg comes before them. */
  readonly ambient?: readonly string[];
  readonly means: string;
  /** The default in words, where it is not a value. */
  readonly defaultWords?: string;
}

/** A setting as the documentation tells it. */
export interface SettingRow extends SettingAbout {
  readonly type: string;
  readonly allowed: string;
  readonly default: string;
}

/** One entry of the schema: its value, and what is told of it. */
export interface Setting<Value> {
  readonly schema: v.GenericSchema<string | undefined, Value>;
  readonly row: SettingRow;
}

// @__NO_SIDE_EFFECTS__
function rowOf({ type, allowed }: SettingKind<unknown>, fallback: string, about: SettingAbout): SettingRow {
  return { ...about, type, allowed, default: about.defaultWords ?? fallback };
}

// @__NO_SIDE_EFFECTS__
export function setting<Value>(
  kind: SettingKind<Value>,
  fallback: string,
  about: SettingAbout,
): Setting<Value> {
  return { schema: v.optional(kind.schema, fallback), row: rowOf(kind, fallback, about) };
}

/** One whose default other settings decide. */
// @__NO_SIDE_EFFECTS__
export function undecided<Value>(kind: SettingKind<Value>, about: SettingAbout): Setting<Value | undefined> {
  return { schema: v.optional(kind.schema), row: rowOf(kind, "", about) };
}
