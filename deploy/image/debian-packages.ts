import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "./tar.ts";

/** A field of a package's control file; `undefined` where it has none. */
export type Control = Readonly<Record<string, string>>;

/** Debian's packages for one architecture, as `script/image --packages` unpacks them. */
export interface DebianPackages {
  /** By the package's name. */
  readonly controls: ReadonlyMap<string, Control>;
  /** An entry as the package has it, by its path without a leading slash; throws where there is none. */
  entry(path: string): Entry;
  /** Names in a directory, sorted; none where there is no such directory. */
  list(directory: string): string[];
  /** The control file as it is. */
  control(name: string): Uint8Array;
}

/** RFC 822's way, as deb-control(5) has it: a line that begins with a space belongs to the field above. */
export function parseControl(text: string): Control {
  const fields: Record<string, string> = {};
  let last = "";
  for (const line of text.split("\n")) {
    const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      fields[name] = value;
      last = name;
    } else if (last !== "" && line.trim() !== "") {
      fields[last] += `\n${line.trim()}`;
    }
  }
  return fields;
}

export function openDebianPackages(directory: string): DebianPackages {
  const files = join(directory, "files");
  const list = (path: string): string[] => {
    try {
      return readdirSync(path).toSorted();
    } catch {
      return [];
    }
  };
  const control = (name: string): Uint8Array => readFileSync(join(directory, "control", name));
  const names = list(join(directory, "control"));
  return {
    controls: new Map(names.map((name) => [name, parseControl(new TextDecoder().decode(control(name)))])),
    control,
    list: (path) => list(join(files, path)),
    entry: (path) => {
      const file = join(files, path);
      const found = lstatSync(file, { throwIfNoEntry: false });
      if (found?.isSymbolicLink()) return { kind: "link", path, target: readlinkSync(file) };
      if (!found?.isFile()) {
        throw new Error(
          `Debian's packages in ${directory} have no /${path}: remove them and run script/image --packages`,
        );
      }
      return { kind: "file", path, executable: (found.mode & 0o100) !== 0, content: readFileSync(file) };
    },
  };
}
