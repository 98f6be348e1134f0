import type { MessageBuffer } from "../../../native/message-buffer.ts";
import type { Expression, Statement } from "../batch.ts";
import { bitwiseAnd, COMPARE, compare, lookup, outsideRange } from "./bytecode.ts";
import { cannotEncode } from "./encode-error.ts";
import { type Field, fieldOf, fieldsOf, loadFields, loadFieldStart, type RuleContext } from "./fields.ts";
import { TYPES } from "./value-types.ts";
import {
  compareBytes,
  flagBytes,
  prefixLength,
  prefixMask,
  scalarBytes,
  valueRange,
  wildcardBytes,
} from "./values.ts";

export type Match = Extract<Statement, { match: unknown }>["match"];

const NO_STATE = new Uint8Array(4);

function setName(right: Match["right"]): string | undefined {
  return typeof right === "string" && right.startsWith("@") ? right.slice(1) : undefined;
}

/** What a later field may take for granted after `meta nfproto ipv6` or `meta l4proto tcp`. */
function learn(context: RuleContext, { op, left, right }: Match): void {
  if (op !== "==" || typeof left !== "object" || !("meta" in left)) return;
  if (typeof right === "object" || setName(right) !== undefined) return;
  if (left.meta.key === "nfproto") context.network = scalarBytes(right, "nf_proto")[0];
  if (left.meta.key === "l4proto") context.transport = scalarBytes(right, "inet_proto")[0];
}

function comparePrefix(
  buffer: MessageBuffer,
  context: RuleContext,
  {
    field,
    prefix,
    operator,
  }: {
    readonly field: Field;
    readonly prefix: { readonly addr: string; readonly len: number };
    readonly operator: number;
  },
): void {
  const { first } = valueRange({ prefix }, field.type);
  const len = prefixLength(prefix.len, field.type);
  if (len > 0 && len % 8 === 0) {
    loadFieldStart(buffer, context, { field, length: len / 8 });
    compare(buffer, operator, first.subarray(0, len / 8));
    return;
  }
  loadFields(buffer, context, [field]);
  bitwiseAnd(buffer, prefixMask(first.length, len));
  compare(buffer, operator, first);
}

function compareRange(
  buffer: MessageBuffer,
  context: RuleContext,
  { field, right, negated }: { readonly field: Field; readonly right: Expression; readonly negated: boolean },
): void {
  const { first, last } = valueRange(right, field.type);
  loadFields(buffer, context, [field]);
  if (compareBytes(first, last) === 0) {
    compare(buffer, negated ? COMPARE.neq : COMPARE.eq, first);
  } else if (negated) {
    outsideRange(buffer, first, last);
  } else {
    compare(buffer, COMPARE.gte, first);
    compare(buffer, COMPARE.lte, last);
  }
}

function compareMasked(buffer: MessageBuffer, context: RuleContext, { op, left, right }: Match): void {
  if (typeof left !== "object" || !("&" in left) || op === "in") return cannotEncode(left, "a masked field");
  const field = fieldOf(left["&"][0]);
  if (field.type !== "tcp_flag") return cannotEncode(left, "flags of TCP");
  const mask = flagBytes(left["&"][1], field.type);
  const wanted = flagBytes(right, field.type);
  loadFields(buffer, context, [field]);
  bitwiseAnd(buffer, mask);
  compare(buffer, op === "!=" ? COMPARE.neq : COMPARE.eq, wanted);
}

function compareField(buffer: MessageBuffer, context: RuleContext, { op, left, right }: Match): void {
  const field = fieldOf(left);
  const operator = op === "!=" ? COMPARE.neq : COMPARE.eq;
  if (op === "in") {
    if (field.type !== "ct_state") return cannotEncode(left, "the state of a connection beside `in`");
    const wanted = flagBytes(right, field.type);
    loadFields(buffer, context, [field]);
    bitwiseAnd(buffer, wanted);
    compare(buffer, COMPARE.neq, NO_STATE);
  } else if (typeof right !== "object") {
    const wanted =
      (field.type === "ifname" ? wildcardBytes(right) : undefined) ?? scalarBytes(right, field.type);
    loadFields(buffer, context, [field]);
    compare(buffer, operator, wanted);
  } else if ("prefix" in right) {
    comparePrefix(buffer, context, { field, prefix: right.prefix, operator });
  } else if ("range" in right) {
    compareRange(buffer, context, { field, right, negated: op === "!=" });
  } else if (field.type === "ct_state" || field.type === "tcp_flag") {
    const wanted = flagBytes(right, field.type);
    loadFields(buffer, context, [field]);
    compare(buffer, operator, wanted);
  } else {
    cannotEncode(right, `a value of ${TYPES[field.type].length} bytes`);
  }
}

/** A comparison: loads, and then whatever ends the rule for packets that do not match. */
export function encodeMatch(buffer: MessageBuffer, context: RuleContext, match: Match): void {
  const set = setName(match.right);
  if (set !== undefined) {
    if (match.op === "in") return cannotEncode(match.op, "`==` or `!=` beside a set");
    loadFields(buffer, context, fieldsOf(match.left));
    lookup(buffer, set, match.op === "!=");
  } else if (typeof match.left === "object" && "&" in match.left) {
    compareMasked(buffer, context, match);
  } else {
    compareField(buffer, context, match);
    learn(context, match);
  }
}
