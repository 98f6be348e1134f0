import { Document, isScalar, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { type CommentedObject, withoutComments } from "./commented.ts";

/** Of a line of comment, indentation included. */
const WIDTH = 110;
/** Of a list or a map that stands on one line. */
const FLOW_WIDTH = 90;

/** Lines of at most `width`; what begins with two spaces is a command, and stays as it is. */
function wrapped(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("  ") || line.length <= width) return [line];
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      if (current !== "" && current.length + 1 + word.length > width) {
        lines.push(current);
        current = word;
      } else {
        current = current === "" ? word : `${current} ${word}`;
      }
    }
    return [...lines, current];
  });
}

function commentLines(text: string, indent: number): string {
  return wrapped(text, WIDTH - indent - 2)
    .map((line) => (line === "" ? "" : ` ${line}`))
    .join("\n");
}

function hasComments(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasComments);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, one]) => key.startsWith("#") || hasComments(one));
}

/** Short lists of words, and items of lists such as variables and mounts. */
function fitsOneLine(value: unknown, isItem: boolean): boolean {
  if (typeof value !== "object" || value === null || hasComments(value)) return false;
  const isShort = JSON.stringify(value).length <= FLOW_WIDTH;
  if (Array.isArray(value)) return isShort && value.every((one) => typeof one !== "object");
  return isShort && (isItem || Object.keys(value).length === 0);
}

function flow(value: unknown): Node {
  const node = new Document(value).contents as Node;
  if (!isScalar(node)) (node as YAMLMap | YAMLSeq).flow = true;
  return node;
}

function nodeOf(value: unknown, indent: number, isItem = false): Node {
  if (fitsOneLine(value, isItem)) return flow(withoutComments(value));
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map((one) => nodeOf(one, indent + 2, true));
    return list;
  }
  if (typeof value !== "object" || value === null) return new Scalar(value);
  return mapOf(value as CommentedObject, indent);
}

function mapOf(value: CommentedObject, indent: number): YAMLMap {
  const map = new YAMLMap();
  const about = value["#"];
  if (typeof about === "string") map.commentBefore = commentLines(about, indent);
  for (const [key, one] of Object.entries(value)) {
    if (key.startsWith("#")) {
      if (key !== "#" && !(key.slice(1) in value))
        throw new Error(`a comment on ${key.slice(1)}, which is not there`);
      continue;
    }
    const name = new Scalar(key);
    const comment = value[`#${key}`];
    if (typeof comment === "string") name.commentBefore = commentLines(comment, indent);
    map.items.push(new Pair(name, nodeOf(one, indent + 2)));
  }
  return map;
}

function documentText(object: CommentedObject): string {
  const { "#": about, ...rest } = object;
  const document = new Document(null, { compat: "yaml-1.1" });
  document.contents = mapOf(rest, 0);
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return typeof about === "string" ? `${commentText(about)}${text}` : text;
}

/** Lines of comment, as they stand at the beginning of a file. */
export function commentText(text: string): string {
  return commentLines(text, 0)
    .split("\n")
    .map((line) => `#${line}\n`)
    .join("");
}

/** A file of several objects, with words at its beginning. */
export function writeYaml(head: string, objects: readonly CommentedObject[]): string {
  return `${commentText(head)}\n${objects.map(documentText).join("---\n")}`;
}
