import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BundledPackage } from "./bundled-packages.ts";
import type { Compression } from "./compression.ts";
import { BASE, layerContents } from "./contents.ts";
import { type DebianPackages, openDebianPackages } from "./debian-packages.ts";
import type { Architecture } from "./libraries.ts";
import { type Image, artifact, blob, image, type Layer, layer } from "./oci.ts";
import { sbom } from "./sbom.ts";
import { tar, withDirectories } from "./tar.ts";

export interface ImageRequest {
  readonly architecture: Architecture;
  /** What `script/image --packages` printed. */
  readonly packages: string;
  readonly executable: string;
  /** What npm has a part in of it. */
  readonly bundled: readonly BundledPackage[];
  readonly compression: Compression;
  readonly version: string;
  /** The commit; `unknown` outside a clone. */
  readonly revision: string;
  /** Seconds since 1970, of the image; its files have none of their own. */
  readonly time: number;
}

export interface MadeImage extends Image {
  readonly architecture: Architecture;
  readonly layers: readonly Layer[];
  /** What is inside, as SPDX, and the artifact that brings it to a registry beside the image. */
  readonly sbom: Uint8Array;
  readonly sbomArtifact: Image;
}

const SBOM_TYPE = "application/spdx+json";

const root = join(import.meta.dir, "../..");

/** What must go wherever the executable goes, by paths below one directory. */
function licenses(bundled: readonly BundledPackage[]): Map<string, Uint8Array> {
  const own = ["LICENSE", "NOTICE"].map((name) => [name, readFileSync(join(root, name))] as const);
  const theirs = bundled.flatMap(({ name, version, texts }) =>
    [...texts].map(([file, text]) => [`npm/${name}-${version}/${file}`, text] as const),
  );
  return new Map([...own, ...theirs]);
}

function contentsOf(request: ImageRequest): {
  readonly packages: DebianPackages;
  readonly executable: Uint8Array;
  readonly archives: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
} {
  const { architecture, bundled } = request;
  const packages = openDebianPackages(join(request.packages, architecture));
  const executable = readFileSync(request.executable);
  const contents = layerContents({ architecture, packages, executable, licenses: licenses(bundled) });
  const archives = [...contents].map(([name, entries]) => [name, tar(withDirectories(entries))] as const);
  return { packages, executable, archives: new Map(archives) };
}

/** Unpacks what comes on top of the base, for an image whose base is another one's. */
export function makeTree(request: ImageRequest, directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, archive] of contentsOf(request).archives) {
    if (name === BASE) continue;
    const words = ["tar", "--extract", "--no-same-owner", "--directory", directory];
    const { success, stderr } = Bun.spawnSync(words, { stdin: archive, stderr: "pipe" });
    if (!success) throw new Error(`tar could not fill ${directory}: ${stderr.toString()}`);
  }
}

/** The image for one architecture: the same request gives the same bytes. */
export function makeImage(request: ImageRequest): MadeImage {
  const { architecture, compression, time, version, bundled } = request;
  const { packages, executable, archives } = contentsOf(request);
  const layers = [...archives].map(([name, archive]) => layer(name, archive, compression));
  const created = new Date(time * 1000).toISOString().replace(".000Z", "Z");
  const labels = {
    "org.opencontainers.image.title": "tortie",
    "org.opencontainers.image.description": "Calico without etcd: Kubernetes NetworkPolicy for one node",
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.revision": request.revision,
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.created": created,
  };
  const config = {
    User: "0:0",
    // Empty in the pod's manifest, too; here for whoever runs the image by hand.
    Env: ["PATH=/usr/bin", "BUN_OPTIONS=", "BUN_BE_BUN="],
    Entrypoint: ["/usr/bin/tortie"],
    WorkingDir: "/",
    Labels: labels,
  };
  const made = image({ architecture, created, layers, config, annotations: labels });
  const { descriptor } = made.manifest;
  const document = sbom({
    architecture,
    version,
    created,
    digest: descriptor.digest,
    executableSum: createHash("sha256").update(executable).digest("hex"),
    bunVersion: Bun.version,
    bundled,
    packages,
  });
  const text = new TextEncoder().encode(`${JSON.stringify(document, undefined, 2)}\n`);
  const sbomArtifact = artifact(descriptor, SBOM_TYPE, blob(SBOM_TYPE, text));
  return { ...made, architecture, layers, sbom: text, sbomArtifact };
}
