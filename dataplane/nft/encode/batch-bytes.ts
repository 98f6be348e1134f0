import type { Batch, Command, ElementObject, Expression, Statement } from "../batch.ts";

// Upper bounds in bytes, from the layouts in this directory; batch-bytes.test.ts holds them against the encoder.
const BATCH = 40;
const MESSAGE = 40;
const NAME = 8;
/** The longest match: a load, a mask and two comparisons of 16 bytes, with both checks of protocols. */
const STATEMENT = 480;
const FIELD = 72;
const SET = 200;
const CHAIN = 80;
const ELEMENT_FIELD = 16;
const ELEMENT = 80;
const LIST_BYTES = 60_000;

const encoder = new TextEncoder();

function textBytes(text: string): number {
  return NAME + (text.length < 64 ? text.length * 3 : encoder.encode(text).length);
}

function fieldCount(expression: Expression): number {
  return typeof expression === "object" && "concat" in expression ? expression.concat.length : 1;
}

function statementBytes(statement: Statement): number {
  if ("match" in statement) {
    const { left, right } = statement.match;
    return STATEMENT + fieldCount(left) * FIELD + (typeof right === "string" ? textBytes(right) : 0);
  }
  if ("vmap" in statement) {
    return STATEMENT + fieldCount(statement.vmap.key) * FIELD + textBytes(statement.vmap.data);
  }
  if ("jump" in statement) return FIELD + textBytes(statement.jump.target);
  if ("goto" in statement) return FIELD + textBytes(statement.goto.target);
  return FIELD;
}

function elementBytes({ elem, table, name }: ElementObject): number {
  let bytes = 0;
  for (const one of elem) {
    const key = (Array.isArray(one) ? one[0] : one) as Expression;
    bytes += ELEMENT + 2 * ELEMENT_FIELD * fieldCount(key);
    if (Array.isArray(one)) bytes += statementBytes(one[1] as Statement);
  }
  const messages = 1 + Math.ceil(bytes / LIST_BYTES);
  return bytes + messages * (MESSAGE + textBytes(table) + textBytes(name));
}

function commandBytes(command: Command): number {
  const [body] = Object.values(command) as readonly Record<string, unknown>[];
  if (body === undefined) return MESSAGE;
  if ("element" in body) return elementBytes(body["element"] as ElementObject);
  const [object] = Object.values(body) as readonly Record<string, unknown>[];
  let bytes = MESSAGE + SET + CHAIN;
  for (const value of Object.values(object ?? {})) if (typeof value === "string") bytes += textBytes(value);
  if ("rule" in body) {
    for (const statement of (object?.["expr"] ?? []) as readonly Statement[])
      bytes += statementBytes(statement);
  }
  return bytes;
}

/** An upper bound of what the encoder makes of the batch, without asking the kernel for sets that it does not know. */
export function batchBytes({ nftables }: Batch): number {
  return nftables.reduce((sum, command) => sum + commandBytes(command), BATCH);
}
