import { rmSync, statSync } from "node:fs";

/** Something of ours on this node. */
export interface Trace {
  /** In words, for whoever reads the list. */
  readonly what: string;
  /** Does nothing where it is gone already. Throws an Error that says why it could not be done. */
  readonly remove: () => void;
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

export function fileTrace(kind: string, path: string): Trace {
  return { what: `${kind} ${path}`, remove: () => rmSync(path, { force: true }) };
}
