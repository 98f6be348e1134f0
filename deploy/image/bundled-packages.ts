import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { tortieEntrypoints } from "../../compile.ts";

/** A package of npm's whose code is in the executable. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An expression of SPDX, as the package gives it. */
  readonly license: string;
  /** Its license texts and notices, by the names of their files. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
}

const Manifest = v.object({ name: v.string(), version: v.string(), license: v.string() });
const TEXT = /^(un)?licen[cs]e|^copying|^notice/i;

/** The directory of the package that a file belongs to; `undefined`: it is our own. */
export function packageDirectory(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

function readPackage(directory: string): BundledPackage {
  const { name, version, license } = v.parse(
    Manifest,
    JSON.parse(readFileSync(join(directory, "package.json"), "utf8")),
  );
  const files = readdirSync(directory).filter((file) => TEXT.test(file));
  if (files.length === 0) {
    throw new Error(
      `${directory} is in the executable, and no file in it is named like a license: name what it is called`,
    );
  }
  return {
    name,
    version,
    license,
    texts: new Map(files.toSorted().map((file) => [file, readFileSync(join(directory, file))])),
  };
}

/**
 * What Bun puts into the executable of what is installed: fewer packages than the lock file has, since many are for types
 * only, or for parts that nobody imports. Sorted by name.
 */
export async function bundledPackages(): Promise<BundledPackage[]> {
  const { metafile } = await Bun.build({
    entrypoints: tortieEntrypoints(),
    target: "bun",
    format: "esm",
    splitting: true,
    metafile: true,
    naming: { entry: "[dir]/[name].[ext]" },
  });
  const inputs = Object.values(metafile?.outputs ?? {}).flatMap((output) => Object.keys(output.inputs));
  const directories = new Set(inputs.map(packageDirectory).filter((path) => path !== undefined));
  // Bun names files by their paths from the working directory.
  const found = [...directories].map((path) => readPackage(join(process.cwd(), path)));
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
