import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Compression } from "./compression.ts";
import { layerContents, ownLicenses } from "./contents.ts";
import { openDebianPackages } from "./debian-packages.ts";
import type { Architecture } from "./libraries.ts";
import { type Image, image, type Layer, layer } from "./oci.ts";
import { tar, withDirectories } from "./tar.ts";

export interface ImageRequest {
  readonly architecture: Architecture;
  /** What `script/image --packages` printed. */
  readonly packages: string;
  readonly executable: string;
  readonly compression: Compression;
  readonly version: string;
  /** The commit; `unknown` outside a clone. */
  readonly revision: string;
  /** Seconds since 1970: the time of all files and of the image. */
  readonly time: number;
}

export interface MadeImage extends Image {
  readonly architecture: Architecture;
  readonly layers: readonly Layer[];
}

const root = join(import.meta.dir, "../..");

/** The image for one architecture: the same request gives the same bytes. */
export function makeImage(request: ImageRequest): MadeImage {
  const { architecture, compression, time } = request;
  const contents = layerContents({
    architecture,
    packages: openDebianPackages(join(request.packages, architecture)),
    executable: readFileSync(request.executable),
    licenses: ownLicenses(root),
  });
  const layers = [...contents].map(([name, entries]) =>
    layer(name, tar(withDirectories(entries), time), compression),
  );
  const created = new Date(time * 1000).toISOString().replace(".000Z", "Z");
  const labels = {
    "org.opencontainers.image.title": "tortie",
    "org.opencontainers.image.description": "Calico without etcd: Kubernetes NetworkPolicy for one node",
    "org.opencontainers.image.version": request.version,
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
  return { ...made, architecture, layers };
}
