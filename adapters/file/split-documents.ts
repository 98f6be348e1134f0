/** One YAML document of a file. */
export interface DocumentText {
  readonly text: string;
  /** The line of the file that it begins on, from 1. */
  readonly line: number;
}

const MARKER = /^(---|\.\.\.)(?=[ \t\r\n]|$)/;
/** Nothing but blank lines, comments and directives. */
const PRELUDE = /^(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|$)|%[^\n]*(?:\n|$))*$/;
const BLANK = /^(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|$))*$/;

/**
 * Cuts a YAML stream where documents begin, so that each can be parsed, kept and replaced alone. `---` and `...` at
 * the start of a line end a document wherever they stand, in block scalars and quotes too (YAML 1.2.2, 9.1.2).
 * Directives and comments before `---` belong to the document that it begins.
 */
export function splitDocuments(text: string): DocumentText[] {
  const documents: DocumentText[] = [];
  let start = 0;
  let startLine = 1;
  // Before a `---` there may be directives: at the start of the file and after `...`.
  let bare = true;
  const end = (at: number, nextLine: number, nextBare: boolean): void => {
    const chunk = text.slice(start, at);
    if (!(bare && BLANK.test(chunk))) documents.push({ text: chunk, line: startLine });
    start = at;
    startLine = nextLine;
    bare = nextBare;
  };
  let line = 1;
  for (let at = 0; at < text.length; line++) {
    const newline = text.indexOf("\n", at);
    const next = newline < 0 ? text.length : newline + 1;
    const first = text.charCodeAt(at);
    if ((first === 45 || first === 46) && MARKER.test(text.slice(at, at + 4))) {
      if (first === 46) end(next, line + 1, true);
      else if (bare && PRELUDE.test(text.slice(start, at))) bare = false;
      else end(at, line, false);
    }
    at = next;
  }
  end(text.length, line, true);
  return documents;
}
