import { readFileSync } from "node:fs";

const root = new URL("../..", import.meta.url).pathname;

/** Commands that a page shows in one ```sh block. */
export interface Block {
  /** For example `docs/tutorial.md`. */
  readonly page: string;
  /** The nearest heading above it, without marks. */
  readonly heading: string;
  /** As a shell reads them: a line that ends in a backslash goes on, and so does a here-document. */
  readonly commands: readonly string[];
  /** The indented lines right below: what the commands print, `...` for whatever differs each time. */
  readonly prints: readonly string[];
}

/** All pages that show commands to people. */
export function pages(): readonly string[] {
  const docs = [...new Bun.Glob("docs/*.md").scanSync({ cwd: root })].toSorted();
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs];
}

/** Whether the shell would read on after these lines. */
function isOpen(lines: readonly string[]): boolean {
  const last = lines.at(-1) ?? "";
  if (last.endsWith("\\")) return true;
  const [, word] = /<<-?'?([A-Z]+)'?/.exec(lines[0] ?? "") ?? [];
  return word !== undefined && last !== word;
}

/** Lines of a block as commands, without blank lines and comments between them. */
export function commandsIn(lines: readonly string[]): string[] {
  const found: string[] = [];
  let open: string[] = [];
  for (const line of lines) {
    if (open.length === 0 && (line.trim() === "" || line.startsWith("#"))) continue;
    open.push(line);
    if (isOpen(open)) continue;
    found.push(open.join("\n"));
    open = [];
  }
  if (open.length > 0) throw new Error(`the block ends within a command: ${open.join("\n")}`);
  return found;
}

/** The indented lines that `lines` begins with, after blank ones. */
function indented(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  const rest = first === -1 ? [] : lines.slice(first);
  const end = rest.findIndex((line) => line.trim() !== "" && !line.startsWith("    "));
  const found = (end === -1 ? rest : rest.slice(0, end)).map((line) => line.slice(4));
  return found.filter((line) => line !== "");
}

/** The ```sh blocks of a page, from top to bottom. */
export function blocksOf(page: string, text: string = readFileSync(`${root}/${page}`, "utf8")): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let heading = "";
  let begin: number | undefined;
  for (const [at, line] of lines.entries()) {
    if (begin === undefined) {
      const [, title] = /^#+ (.*)$/.exec(line) ?? [];
      if (title !== undefined) heading = title;
      if (line === "```sh") begin = at + 1;
    } else if (line === "```") {
      const commands = commandsIn(lines.slice(begin, at));
      blocks.push({ page, heading, commands, prints: indented(lines.slice(at + 1)) });
      begin = undefined;
    }
  }
  if (begin !== undefined) throw new Error(`${page}: the last block does not end`);
  return blocks;
}

/** The first line that is missing, in this order, in what was printed; undefined: all are there. */
export function missingLine(printed: string, wanted: readonly string[]): string | undefined {
  const lines = printed.split("\n");
  let at = 0;
  for (const want of wanted) {
    const words = want
      .trim()
      .split(/\s+/)
      .map((word) =>
        word
          .split("...")
          .map((part) => RegExp.escape(part))
          .join(".*"),
      );
    const pattern = new RegExp(`^\\s*${words.join("\\s+")}\\s*$`);
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
    if (found === -1) return want;
    at = found + 1;
  }
  return undefined;
}
