import { join } from "node:path";

/** This program with another first word: the executable itself, or Bun and our main.ts. */
export function ownCommand(...words: readonly string[]): string[] {
  const compiled = import.meta.path.startsWith("/$bunfs/");
  return compiled
    ? [process.execPath, ...words]
    : [process.execPath, join(import.meta.dir, "..", "main.ts"), ...words];
}
