import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

const Descriptor = v.object({
  digest: v.string(),
  platform: v.optional(v.object({ architecture: v.string() })),
});
const Index = v.object({ manifests: v.array(Descriptor) });
const Manifest = v.object({ layers: v.array(Descriptor) });

/** The image of one architecture in an OCI layout. */
export interface Layers {
  /** Its manifest's digest. */
  readonly manifest: string;
  /** Its layers' files, the lowest first. */
  readonly paths: readonly string[];
}

/** Reads it from the layout's first entry, the index of all architectures. */
export function layersOf(layout: string, architecture: string): Layers {
  const path = (digest: string): string => join(layout, "blobs", digest.replace(":", "/"));
  const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
  const [first] = v.parse(Index, read(join(layout, "index.json"))).manifests;
  const { manifests } = v.parse(Index, read(path(first?.digest ?? "")));
  const found = manifests.find(({ platform }) => platform?.architecture === architecture);
  if (found === undefined) throw new Error(`${layout} has no image for ${architecture}`);
  const { layers } = v.parse(Manifest, read(path(found.digest)));
  return { manifest: found.digest, paths: layers.map(({ digest }) => path(digest)) };
}

/** What the system's tar says of one thing in a layer. */
export interface Member {
  /** As ls gives it, for example `-rwxr-xr-x`. */
  readonly mode: string;
  readonly owner: string;
  /** A directory's ends in a slash. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

function tar(layer: string, words: readonly string[]): string {
  const archive = Bun.zstdDecompressSync(readFileSync(layer));
  const done = Bun.spawnSync(["tar", ...words, "--file", "-"], { stdin: archive, stderr: "pipe" });
  if (!done.success) throw new Error(`tar ${words.join(" ")} of ${layer}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

export function members(layer: string): Member[] {
  const lines = tar(layer, ["--list", "--verbose", "--numeric-owner"]).trimEnd().split("\n");
  return lines.map((line) => {
    const [, mode = "", owner = "", size = "", path = ""] =
      /^(\S+) (\S+) +(\d+) \S+ \S+ (.*?)(?: -> .*)?$/.exec(line) ?? [];
    return { mode, owner, path, size: Number(size) };
  });
}

/** Adds a layer's files to a directory. */
export function unpack(layer: string, directory: string): void {
  mkdirSync(directory, { recursive: true });
  tar(layer, ["--extract", "--no-same-owner", "--directory", directory]);
}
