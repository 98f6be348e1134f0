import { writeFileSync } from "node:fs";
import { MARKER } from "../../install/marker.ts";

/** Writes a program that passes for our executable: a script that says its version. */
export function writeExecutable(path: string, version = "9.9.9 (commit 0123456789ab)"): void {
  writeScript(path, `# ${MARKER}\necho "tortie ${version}"`);
}

/** Writes a program of somebody else's. */
export function writeScript(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
