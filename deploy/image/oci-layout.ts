import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Blob, type Descriptor, INDEX_TYPE, jsonBytes } from "./oci.ts";
import { type Entry, tar, withDirectories } from "./tar.ts";

/** The files of an OCI image layout: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md */
export function layoutFiles(index: readonly Descriptor[], blobs: readonly Blob[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([
    ["oci-layout", jsonBytes({ imageLayoutVersion: "1.0.0" })],
    ["index.json", jsonBytes({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: index })],
  ]);
  for (const { descriptor, content } of blobs) {
    files.set(`blobs/${descriptor.digest.replace(":", "/")}`, content);
  }
  return files;
}

/** Makes the directory anew. */
export function writeLayout(directory: string, files: ReadonlyMap<string, Uint8Array>): void {
  rmSync(directory, { recursive: true, force: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** As `ctr image import` and `podman load` take it. */
export function layoutArchive(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const entries = [...files].map(([path, content]): Entry => ({
    kind: "file",
    path,
    executable: false,
    content,
  }));
  return tar(withDirectories(entries));
}
