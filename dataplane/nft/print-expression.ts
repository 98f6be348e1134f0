import type { ElementObject, Expression, RuleObject, SetObject, Statement, Verdict } from "./batch.ts";

function quoted(value: string | number): string {
  return typeof value === "string" && /^cali|[^\w.:@/-]/.test(value) ? `"${value}"` : String(value);
}

/** An expression in nft's own language. */
export function printExpression(expression: Expression): string {
  if (typeof expression !== "object") return quoted(expression);
  if ("meta" in expression) {
    const { key } = expression.meta;
    return key.endsWith("ifname") ? key : `meta ${key}`;
  }
  if ("payload" in expression) return `${expression.payload.protocol} ${expression.payload.field}`;
  if ("ct" in expression) return `ct ${expression.ct.key}`;
  if ("concat" in expression) return expression.concat.map(printExpression).join(" . ");
  if ("range" in expression) return expression.range.map(quoted).join("-");
  if ("prefix" in expression) return `${expression.prefix.addr}/${expression.prefix.len}`;
  if ("&" in expression) {
    const [left, right] = expression["&"];
    return `${printExpression(left)} & (${printExpression(right)})`;
  }
  return expression["|"].map(printExpression).join(" | ");
}

function isVerdict(statement: Statement): statement is Verdict {
  return !(
    "match" in statement ||
    "vmap" in statement ||
    "counter" in statement ||
    "masquerade" in statement
  );
}

function printVerdict(verdict: Verdict): string {
  if ("jump" in verdict) return `jump ${verdict.jump.target}`;
  if ("goto" in verdict) return `goto ${verdict.goto.target}`;
  return Object.keys(verdict).join("");
}

function printStatement(statement: Statement): string {
  if (isVerdict(statement)) return printVerdict(statement);
  if ("counter" in statement) return "counter";
  if ("masquerade" in statement) {
    const { flags = [] } = statement.masquerade ?? {};
    return flags.length === 0 ? "masquerade" : `masquerade ${flags.join(",")}`;
  }
  if ("vmap" in statement) return `${printExpression(statement.vmap.key)} vmap ${statement.vmap.data}`;
  const { op, left, right } = statement.match;
  const value = Array.isArray(right) ? right.join(",") : printExpression(right as Expression);
  return `${printExpression(left)} ${op === "!=" ? "!= " : ""}${value}`;
}

export function printRule({ expr, comment }: Pick<RuleObject, "expr" | "comment">): string {
  const text = expr.map(printStatement).join(" ");
  return comment === undefined ? text : `${text} comment "${comment}"`;
}

export function printElement(element: ElementObject["elem"][number]): string {
  if (!Array.isArray(element)) return printExpression(element as Expression);
  const [key, verdict] = element as readonly [Expression, Verdict];
  return `${printExpression(key)} : ${printVerdict(verdict)}`;
}

/** The type of a set, or of a map where `map` is said. */
export function printType({ type, map }: Pick<SetObject, "type"> & { readonly map?: "verdict" }): string {
  const key = typeof type === "string" ? type : type.join(" . ");
  return map === undefined ? key : `${key} : verdict`;
}
