/** A source file by its path from the repository's root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** From the repository's root where it is relative; else undefined. */
  readonly file: string | undefined;
  readonly dynamic: boolean;
}

// Type imports are read like the others: a type from a foreign room ties the rooms together just as well.
const STATIC = /^\s*(?:import|export)\b[^'"`;()]*?\bfrom\s*["']([^"']+)["']/gm;
const BARE = /^\s*import\s*["']([^"']+)["']/gm;
const DYNAMIC = /\b(?:import|require)\s*\(\s*["'`]([^"'`]+)["'`]/g;
const WORKER = /\bnew (?:Worker|URL)\(\s*["'`](\.[^"'`]+\.ts)["'`]/g;

/** Joins a relative specifier to the folder of the file that names it. */
export function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Every import of a file: static, type, re-export, dynamic, worker. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const found: Import[] = [];
  for (const [pattern, dynamic] of [
    [STATIC, false],
    [BARE, false],
    [DYNAMIC, true],
    [WORKER, true],
  ] as const) {
    for (const match of text.matchAll(pattern)) {
      const specifier = match[1] ?? "";
      const file = specifier.startsWith(".") ? resolve(path, specifier) : undefined;
      found.push({ specifier, file, dynamic });
    }
  }
  return found;
}

/** The package that a specifier belongs to: `hono/bun` is hono, `@a/b/c` is @a/b. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
