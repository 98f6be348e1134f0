import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Notes which CNI configurations the agent wrote: `calico` is the type of Calico's plugin, too. It stands beside them, so it
 * outlives a reboot and is found whatever a container calls the directory; no runtime reads a file of that name.
 */
export const WRITTEN_NAME = ".tortie-written";

/** SHA-256 by name. */
export type WrittenConfigs = ReadonlyMap<string, string>;

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What the note of a directory says; what cannot be read says nothing. */
export function readWrittenConfigs(directory: string): WrittenConfigs {
  let text: string;
  try {
    text = readFileSync(join(directory, WRITTEN_NAME), "utf8");
  } catch {
    return new Map();
  }
  const lines = text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm);
  return new Map([...lines].map(([, hash = "", name = ""]) => [name, hash]));
}

/** Whether the file of that name and text is one that the agent wrote, and as the agent wrote it. */
export function isWrittenConfig(written: WrittenConfigs, name: string, text: string): boolean {
  return written.get(name) === digest(text);
}

/** The note's text with one more configuration, as `sha256sum` would print it. */
export function noteOf(written: WrittenConfigs, name: string, text: string): string {
  return [...new Map(written).set(name, digest(text))].map(([one, hash]) => `${hash}  ${one}\n`).join("");
}
