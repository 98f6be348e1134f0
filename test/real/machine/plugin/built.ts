import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../../../../compile.ts";

async function make(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tortie-built-"));
  try {
    const file = openSync(
      await build(process.arch === "arm64" ? "arm64" : "x64", folder, tortieEntrypoints()),
      "r",
    );
    return `/proc/${process.pid}/fd/${file}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let made: Promise<string> | undefined;

/**
 * A path of our executable as it is built from this source, once for all test files of a process. The file has no name any
 * more: it ends with the process, however that ends.
 */
export function builtExecutable(): Promise<string> {
  made ??= make();
  return made;
}
