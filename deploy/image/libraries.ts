import type { DebianPackages } from "./debian-packages.ts";
import { elfNeeds } from "./elf-needs.ts";
import type { Entry } from "./tar.ts";

export type Architecture = "amd64" | "arm64";

export const ARCHITECTURES: readonly Architecture[] = ["amd64", "arm64"];

/** ELF's number of the machine, and the directory of its libraries. */
export const MACHINES: Readonly<Record<Architecture, { readonly elf: number; readonly libraries: string }>> =
  {
    amd64: { elf: 62, libraries: "lib/x86_64-linux-gnu" },
    arm64: { elf: 183, libraries: "lib/aarch64-linux-gnu" },
  };

/**
 * What of glibc the programs need, and no more: the loader, the libraries that they name, and what those name.
 * Throws where a program is none of this architecture's.
 */
export function neededLibraries(
  programs: readonly { readonly path: string; readonly content: Uint8Array }[],
  packages: DebianPackages,
  architecture: Architecture,
): Entry[] {
  const { elf, libraries } = MACHINES[architecture];
  const needed = new Map<string, Entry>();
  const take = (path: string): void => {
    if (needed.has(path)) return;
    const entry = packages.entry(path);
    needed.set(path, entry);
    if (entry.kind === "file") visit(entry);
  };
  const visit = (program: { readonly path: string; readonly content: Uint8Array }): void => {
    const needs = elfNeeds(program.content);
    if (needs?.machine !== elf) {
      throw new TypeError(
        `/${program.path} of the image for ${architecture} is no executable of ${architecture}`,
      );
    }
    for (const library of needs.libraries) take(`${libraries}/${library}`);
    if (needs.interpreter === undefined) return;
    // The path that programs name is a link to the loader among the libraries.
    take(needs.interpreter.slice(1));
    take(`${libraries}/${needs.interpreter.split("/").at(-1) ?? ""}`);
  };
  for (const program of programs) visit(program);
  return [...needed.values()];
}
