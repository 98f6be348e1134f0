import * as v from "valibot";
import { childPath, type Defect, describe } from "./defect.ts";

type FieldsOf<Entries extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Entries, string>>;
export type Schema<Output> = v.GenericSchema<unknown, Output>;

/**
 * What JSON calls an object. valibot's own object schemas take lists, dates and sets too: `podSelector: []` would
 * select everything.
 */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export const anObject: Schema<Record<string, unknown>> = v.custom<Record<string, unknown>>(
  isObject,
  "expected an object",
);
export const someText: Schema<string> = v.string("expected text");
export const anything: Schema<unknown> = v.unknown();

/** An object whose fields decide verdicts: a field that it does not know is an error, never passed over. */
export function strictFields<Entries extends v.ObjectEntries>(entries: Entries): Schema<FieldsOf<Entries>> {
  const known = Object.keys(entries).join(", ");
  return v.pipe(
    anObject,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      for (const key of Object.keys(dataset.value)) {
        if (!Object.hasOwn(entries, key)) {
          addIssue({ message: `unknown field, known are ${known}`, path: [pathItem(dataset.value, key)] });
        }
      }
    }),
    v.object(entries, "is required"),
  ) as Schema<FieldsOf<Entries>>;
}

/** An object of which only the named fields are looked at. */
export function looseFields<Entries extends v.ObjectEntries>(entries: Entries): Schema<FieldsOf<Entries>> {
  return v.pipe(anObject, v.object(entries, "is required")) as Schema<FieldsOf<Entries>>;
}

/** A list; null and absent are the empty list, as for the API server. */
export function listOf<Item>(item: Schema<Item>): Schema<Item[]> {
  return v.nullish(v.array(item, "expected a list"), []) as Schema<Item[]>;
}

/** Absent and null are one thing: undefined. */
export function maybe<Value>(schema: Schema<Value>): Schema<Value | undefined> {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  ) as Schema<Value | undefined>;
}

/** One step of a valibot path, for checks that blame a field of the object they look at. */
export function pathItem(input: Record<string, unknown>, key: string): v.ObjectPathItem {
  return { type: "object", origin: "value", input, key, value: input[key] };
}

export type Parsed<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly defects: readonly Defect[] };

/** Reads `value`, which stands at `path`; each defect names its own path below that and the value found. */
export function parseAt<Output>(
  schema: Schema<Output>,
  value: unknown,
  at: { readonly path: string; readonly consequence: string },
): Parsed<Output> {
  const result = v.safeParse(schema, value);
  if (result.success) return { ok: true, value: result.output };
  const defects = result.issues.map((issue) => {
    let { path } = at;
    // What was written, not what valibot had made of it when it stumbled.
    let found = value;
    for (const { key } of issue.path ?? []) {
      path = childPath(path, key as string | number);
      found = Object(found) === found ? (found as Record<string, unknown>)[key as string] : undefined;
    }
    return { path, value: describe(found), message: issue.message, consequence: at.consequence };
  });
  return { ok: false, defects };
}
