import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;

/** Rooms whose messages reach people. */
const ROOMS = [
  "adapters",
  "agent",
  "cni",
  "ctl",
  "dataplane",
  "explain",
  "handshake",
  "health",
  "health-probe",
  "install",
  "ipam",
  "policy",
  "preflight",
] as const;

/** Files whose conditions are put together of sentences. */
const WORDED =
  /^(?:dataplane\/preflight\/judge-host|dataplane\/route\/held-routes|dataplane\/link\/host-end-settings|agent\/host\/pools-of|adapters\/objects\/(?!defect|schema)|health\/components)/;
const LEAST_WORDS = 4;

/** Where a message begins: errors that name what is wrong, conditions, and log lines from "warning" on. */
const OPENERS =
  /\bnew [A-Z][A-Za-z]*Error\(|\b(?:failed|failure|notice|refusal|complain|refused|warning)\(|\blog\.write\(\s*"(?:warning|error|fatal)",|\b(?:text|found|mend): (?=["`])/g;
/** Of bugs and of callers: nobody but us reads them. */
const NOT_FOR_PEOPLE = /^new (?:TypeError|RangeError|AggregateError|EncodeError|SystemCallError|Error)\(/;

/** The index behind the text literal that begins at `start`. */
function endOfText(source: string, start: number): number {
  const quote = source[start] ?? "";
  let at = start + 1;
  while (at < source.length && source[at] !== quote) {
    if (source[at] === "\\") at++;
    else if (quote === "`" && source.startsWith("${", at)) at = endOfHole(source, at + 2) - 1;
    at++;
  }
  return at + 1;
}

/** The index behind the brace that closes a hole in a template. */
function endOfHole(source: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < source.length && depth > 0) {
    const character = source[at] ?? "";
    if (`"'\``.includes(character)) {
      at = endOfText(source, at);
      continue;
    }
    if (character === "{") depth++;
    if (character === "}") depth--;
    at++;
  }
  return at;
}

/** What a literal says, with `…` for what differs. */
function words(literal: string): string {
  let said = "";
  for (let at = 1; at < literal.length - 1; at++) {
    if (literal[0] === "`" && literal.startsWith("${", at)) {
      at = endOfHole(literal, at + 2) - 1;
      said += "…";
    } else if (literal[at] === "\\") {
      at++;
      said += literal[at] === "n" ? " " : (literal[at] ?? "");
    } else said += literal[at];
  }
  return said;
}

/** What follows an opener: the literals, those that `+` joins as one and code words left out, and the index behind it. */
function literalsFrom(
  source: string,
  start: number,
  isCall: boolean,
): { readonly literals: readonly string[]; readonly end: number } {
  const found: string[] = [];
  let [at, depth, joins] = [start, 0, false];
  while (at < source.length) {
    const character = source[at] ?? "";
    if (`"'\``.includes(character)) {
      const end = endOfText(source, at);
      const said = words(source.slice(at, end));
      if (joins && found.length > 0) found.push((found.pop() ?? "") + said);
      else found.push(said);
      joins = false;
      at = end;
      continue;
    }
    if (source.startsWith("//", at)) {
      at = source.indexOf("\n", at);
      continue;
    }
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character) && --depth < 0) break;
    if (!isCall && depth === 0 && ",;".includes(character)) break;
    if (character === "+") joins = true;
    else if (character.trim() !== "") joins = false;
    at++;
  }
  return { literals: found.filter((text) => /[a-z…] [a-z…]/i.test(text)), end: at };
}

/** Every literal that is a sentence: for files that do nothing but word conditions. */
function sentencesIn(source: string): string[] {
  const { literals } = literalsFrom(source, 0, true);
  return literals.filter((text) => /^[\w…`]/.test(text) && text.split(" ").length >= LEAST_WORDS);
}

function withoutComments(source: string): string {
  return source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "").replaceAll(/^import [^;]*;$/gm, "");
}

/** The messages of one file, in its order. */
export function messagesIn(file: string, text: string): string[] {
  const source = withoutComments(text);
  if (WORDED.test(file)) return [...new Set(sentencesIn(source))];
  const found: string[] = [];
  let behind = 0;
  for (const match of source.matchAll(OPENERS)) {
    if (match.index < behind || NOT_FOR_PEOPLE.test(match[0])) continue;
    const start = match.index + match[0].length;
    const { literals, end } = literalsFrom(source, start, !match[0].includes(": "));
    if (literals.length === 0) continue;
    behind = end;
    const message = literals.join("; ").replaceAll(/\s+/g, " ").trim();
    if (/[a-z]{2}/.test(message)) found.push(message);
  }
  return [...new Set(found)];
}

/** All messages by file; files without any are left out. */
export function messagesOfSource(): ReadonlyMap<string, readonly string[]> {
  const files = ROOMS.flatMap((room) => [...new Bun.Glob(`${room}/**/*.ts`).scanSync({ cwd: root })]);
  const shipped = files.filter((file) => !/\.test\.ts$|(^|\/)(test|fake)-|behaviour|\/memory\//.test(file));
  return new Map(
    shipped
      .toSorted()
      .map((file): [string, string[]] => [file, messagesIn(file, readFileSync(join(root, file), "utf8"))])
      .filter(([, messages]) => messages.length > 0),
  );
}
