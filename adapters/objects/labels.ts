import * as v from "valibot";
import type { Labels } from "../../model/labels.ts";
import { isLabelKey, isLabelValue } from "./names.ts";
import { anObject, isObject, maybe, type Parsed, parseAt, pathItem, type Schema } from "./schema.ts";

/** Keys to text, whatever the keys: `constructor` is a legal label key, which valibot's record would drop. */
export const textByKey: Schema<Readonly<Record<string, string>>> = v.pipe(
  anObject,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [key, value] of Object.entries(dataset.value)) {
      if (typeof value !== "string") {
        addIssue({ message: "expected text", path: [pathItem(dataset.value, key)] });
      }
    }
  }),
) as unknown as Schema<Readonly<Record<string, string>>>;

export const LABEL_KEY_RULE: string =
  "expected a label key: an optional DNS prefix and a slash, then at most 63 letters, digits, -, _ and .";
export const LABEL_VALUE_RULE: string =
  "expected a label value: at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit";

function labelDefect(key: string, value: unknown): string | undefined {
  if (!isLabelKey(key)) return LABEL_KEY_RULE;
  if (typeof value !== "string") return "expected text";
  return isLabelValue(value) ? undefined : LABEL_VALUE_RULE;
}

/** The labels of an object, each within the grammar. */
const labels: Schema<Labels> = v.pipe(
  anObject,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [key, value] of Object.entries(dataset.value)) {
      const message = labelDefect(key, value);
      if (message !== undefined) addIssue({ message, path: [pathItem(dataset.value, key)] });
    }
  }),
) as unknown as Schema<Labels>;

const maybeLabels = maybe(labels);
const NO_LABELS: Labels = {};
/** The pods of a deployment are often given one object of labels: it is looked at once. */
const SOUND = new WeakSet<object>();

function areLabels(value: unknown): value is Labels {
  if (!isObject(value)) return false;
  if (SOUND.has(value)) return true;
  for (const key in value) if (labelDefect(key, value[key]) !== undefined) return false;
  SOUND.add(value);
  return true;
}

/** The labels of an object; absent and null are none. Sound ones, as nearly all are, cost a look at each. */
export function readLabels(
  value: unknown,
  at: { readonly path: string; readonly consequence: string },
): Parsed<Labels> {
  if (areLabels(value)) return { ok: true, value };
  const parsed = parseAt(maybeLabels, value, at);
  return parsed.ok ? { ok: true, value: parsed.value ?? NO_LABELS } : parsed;
}
