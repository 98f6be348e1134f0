import { type Document, isCollection, LineCounter, type Node, parseDocument } from "yaml";
import type { Problem } from "../../model/problem.ts";
import { pathKeys } from "../objects/defect.ts";
import { expandList } from "../objects/expand-list.ts";
import { type ReadOptions, readObject } from "../objects/read-object.ts";
import { isObject } from "../objects/schema.ts";
import { type NamedObject, salvage } from "./salvage.ts";
import { YAML_OPTIONS } from "./yaml-options.ts";

/** A problem of one document; `where` holds the object's name at most, and lines count from the document's first. */
export interface DocumentProblem extends Problem {
  readonly line: number;
}

/** What one document says, without anything of where in which file it stands: equal text, equal reading. */
export interface DocumentReading {
  readonly objects: readonly NamedObject[];
  readonly problems: readonly DocumentProblem[];
}

/** The line of the deepest node on the way to `path`; the document's first line where there is none. */
function lineOf(document: Document, lines: LineCounter, path: string): number {
  let node: unknown = document.contents;
  let offset = (node as Node | null)?.range?.[0] ?? 0;
  for (const key of pathKeys(path)) {
    if (!isCollection(node)) break;
    const child: unknown = node.get(key, true);
    const range = (child as Node | undefined)?.range;
    if (range === undefined || range === null) break;
    [node, offset] = [child, range[0]];
  }
  return Math.max(1, lines.linePos(offset).line);
}

/** A document, or an item of a list, that YAML, or we, can make nothing of. */
function unreadable(text: string, found: Omit<DocumentProblem, "where" | "consequence">): DocumentReading {
  const { objects, consequence } = salvage(text);
  return { objects, problems: [{ ...found, where: "", consequence }] };
}

function readValue(
  text: string,
  document: Document,
  lines: LineCounter,
  options: ReadOptions,
): DocumentReading {
  const value: unknown = document.toJS();
  // `---` with nothing behind it, as at the end of many a file.
  if (value === null) return { objects: [], problems: [] };
  const { objects: listed, defects } = expandList(value);
  const [defect] = defects;
  if (defect !== undefined)
    return unreadable(text, { ...defect, line: lineOf(document, lines, defect.path) });
  const objects: NamedObject[] = [];
  const problems: DocumentProblem[] = [];
  for (const { path, value: item } of listed) {
    const { problems: found, ...object } = readObject(item, "", options);
    const below = (inner: string): string =>
      path === "" || inner === "" ? path + inner : `${path}.${inner}`;
    const located = found.map((problem) => {
      const whole = below(problem.path);
      return { ...problem, path: whole, line: lineOf(document, lines, whole) };
    });
    const [first] = located;
    const hasKind = isObject(item) && typeof item["kind"] === "string";
    if (!hasKind && first !== undefined) {
      const reading = unreadable(path === "" ? text : JSON.stringify(item), first);
      objects.push(...reading.objects);
      problems.push(...reading.problems);
    } else {
      objects.push(object);
      problems.push(...located);
    }
  }
  return { objects, problems };
}

/** Reads one YAML document. Never throws. */
export function readDocument(
  text: string,
  options: ReadOptions & { readonly utf8?: boolean },
): DocumentReading {
  const lines = new LineCounter();
  if (options.utf8 === false && text.includes("\uFFFD")) {
    return unreadable(text, { line: 1, path: "", value: "", message: "is not UTF-8 text" });
  }
  try {
    const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
    const [error] = [...document.errors, ...document.warnings];
    if (error === undefined) return readValue(text, document, lines, options);
    const line = Math.max(1, lines.linePos(error.pos[0]).line);
    return unreadable(text, { line, path: "", value: "", message: `malformed YAML: ${error.message}` });
  } catch (error) {
    const message = `malformed YAML: ${error instanceof Error ? error.message : String(error)}`;
    return unreadable(text, { line: 1, path: "", value: "", message });
  }
}
