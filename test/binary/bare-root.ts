import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** The files of glibc that the dynamic loader names for an executable, the loader included. */
export function glibcFiles(executable: string): string[] {
  const listing = Bun.spawnSync(["ldd", executable]).stdout.toString();
  return [...listing.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
}

/** Fills `root` with glibc's files and the executable as `/tortie`, and with nothing else but an empty /proc. */
export function makeBareRoot(root: string, executable: string): void {
  for (const file of glibcFiles(executable)) {
    const copy = join(root, file);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
  copyFileSync(executable, join(root, "tortie"));
  mkdirSync(join(root, "proc"));
}
