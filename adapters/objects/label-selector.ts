import * as v from "valibot";
import type { Selector } from "../../model/selector.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { LABEL_KEY_RULE, LABEL_VALUE_RULE, textByKey } from "./labels.ts";
import { isLabelKey, isLabelValue } from "./names.ts";
import { listOf, maybe, pathItem, type Schema, someText, strictFields } from "./schema.ts";

type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** A LabelSelector (meta/v1) of sound shape; its keys and values may still be outside the grammar. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions: readonly Requirement[];
}

const requirement: Schema<Requirement> = v.pipe(
  strictFields({
    key: someText,
    operator: v.picklist(
      ["In", "NotIn", "Exists", "DoesNotExist"],
      "unknown operator, expected In, NotIn, Exists or DoesNotExist",
    ),
    values: listOf(someText),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { operator, values } = dataset.value;
    const wanted = operator === "In" || operator === "NotIn";
    if (wanted === values.length > 0) return;
    addIssue({
      message: `${operator} ${wanted ? "needs at least one value" : "takes no values"}`,
      path: [pathItem({ ...dataset.value }, "values")],
    });
  }),
);

export const labelSelector: Schema<LabelSelector> = strictFields({
  matchLabels: maybe(textByKey),
  matchExpressions: listOf(requirement),
});

function operatorSelector({ key, operator, values }: Requirement): Selector {
  switch (operator) {
    case "In":
      return { kind: "in", key, values };
    case "NotIn":
      return { kind: "not", operand: { kind: "in", key, values } };
    case "Exists":
      return { kind: "has", key };
    case "DoesNotExist":
      return { kind: "not", operand: { kind: "has", key } };
    default:
      return operator satisfies never;
  }
}

export interface ReadSelector {
  readonly selector: Selector;
  readonly defects: readonly Defect[];
  /** Whether a key is outside the grammar: no API server ever stored that, values it did. */
  readonly foreignKey: boolean;
}

/**
 * The question that a LabelSelector asks. A key or value outside the grammar can be no object's label, and servers
 * keep serving such values from before they were refused: the selector matches nothing then, as upstream reads it.
 */
export function readSelector({ matchLabels, matchExpressions }: LabelSelector, path: string): ReadSelector {
  const consequence = "this selector matches nothing";
  const defects: Defect[] = [];
  const operands: Selector[] = [];
  let foreignKey = false;
  const check = (key: string, keyPath: string, values: readonly (readonly [string, string])[]): void => {
    if (!isLabelKey(key)) {
      foreignKey = true;
      defects.push({ path: keyPath, value: describe(key), message: LABEL_KEY_RULE, consequence });
    }
    for (const [value, valuePath] of values) {
      if (isLabelValue(value)) continue;
      defects.push({ path: valuePath, value: describe(value), message: LABEL_VALUE_RULE, consequence });
    }
  };
  for (const [key, value] of Object.entries(matchLabels ?? {})) {
    const at = childPath(childPath(path, "matchLabels"), key);
    check(key, at, [[value, at]]);
    operands.push({ kind: "in", key, values: [value] });
  }
  for (const [index, item] of matchExpressions.entries()) {
    const at = childPath(childPath(path, "matchExpressions"), index);
    const valuesPath = childPath(at, "values");
    const values = item.values.map((value, i) => [value, childPath(valuesPath, i)] as const);
    check(item.key, childPath(at, "key"), values);
    operands.push(operatorSelector(item));
  }
  if (defects.length > 0) return { selector: { kind: "none" }, defects, foreignKey };
  const [first = { kind: "all" } as const] = operands;
  return { selector: operands.length > 1 ? { kind: "and", operands } : first, defects, foreignKey };
}
