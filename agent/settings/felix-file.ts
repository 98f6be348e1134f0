import { readFileSync } from "node:fs";
import { errorCode } from "../../model/error-code.ts";

/** Where Felix looks, too. */
export const FELIX_FILE = "/etc/calico/felix.cfg";

/** One line `Name = value`. */
export interface FelixLine {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

export interface FelixFile {
  readonly lines: readonly FelixLine[];
  /** What is wrong with it, one line each, with the file's name and the number of the line. */
  readonly errors: readonly string[];
}

/** Without a comment behind it and the quotes around it. */
function valueOf(text: string): string {
  const quoted = /^(["'])(.*)\1(\s+[#;].*)?$/.exec(text);
  return quoted?.[2] ?? text.replace(/(^|\s+)[#;].*$/, "");
}

/** Reads `[section]`, `Name = value` and comments; sections mean nothing, as in Felix. */
export function readFelixText(text: string, path: string): FelixFile {
  const lines: FelixLine[] = [];
  const errors: string[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const found = raw.trim();
    if (found === "" || /^[#;]/.test(found) || /^\[[^\]]*\]$/.test(found)) continue;
    const [, name, value] = /^([A-Za-z][A-Za-z0-9_]*)\s*[=:]\s*(.*)$/.exec(found) ?? [];
    if (name === undefined || value === undefined) {
      const shown = JSON.stringify(found.slice(0, 60));
      errors.push(`${path}:${index + 1}: found ${shown}, allowed is Name = value, [section] or # comment`);
    } else {
      lines.push({ name, value: valueOf(value), line: index + 1 });
    }
  }
  return { lines, errors };
}

/** The file, which need not be there unless somebody named it. */
export function readFelixFile(named: string | undefined): FelixFile {
  const path = named ?? FELIX_FILE;
  try {
    return readFelixText(readFileSync(path, "utf8"), path);
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    if (code === "ENOENT" && named === undefined) return { lines: [], errors: [] };
    return { lines: [], errors: [`cannot read ${path}: ${code}; mend it, or take it away`] };
  }
}
