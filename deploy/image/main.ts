/** `script/image` has what it does and its options. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { imageReference, Refused, withUsage } from "../arguments.ts";
import { git } from "../../compile.ts";
import { bundledPackages } from "./bundled-packages.ts";
import type { Compression } from "./compression.ts";
import { type Architecture, ARCHITECTURES } from "./libraries.ts";
import { type ImageRequest, type MadeImage, makeImage, makeTree } from "./make-image.ts";
import { type Descriptor, imageIndex } from "./oci.ts";
import { layoutArchive, layoutFiles, writeLayout } from "./oci-layout.ts";

const root = join(import.meta.dir, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

const USAGE = `usage: script/image [--target amd64|arm64] [--compression zstd|gzip] [--image REF] [--output DIR] [--executable FILE]
       script/image --target amd64|arm64 --tree DIR
       script/image --packages`;

const EXECUTABLES: Readonly<Record<Architecture, string>> = { amd64: "tortie", arm64: "tortie-arm64" };

function oneOf<Word extends string>(option: string, words: readonly Word[], given: string): Word {
  const found = words.find((word) => word === given);
  if (found === undefined) throw new Refused(`--${option} is ${words.join(" or ")}, got "${given}"`);
  return found;
}

/** Named in two ways: containerd reads the first, podman and skopeo the second. */
const named = (descriptor: Descriptor, image: string): Descriptor => ({
  ...descriptor,
  annotations: { "io.containerd.image.name": image, "org.opencontainers.image.ref.name": image },
});

function say(made: MadeImage): void {
  const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
  const lines = [...made.layers, undefined].map((each) => {
    const packed = each?.blob.descriptor.size ?? total(made.layers.map(({ blob }) => blob.descriptor.size));
    const unpacked = each?.unpackedSize ?? total(made.layers.map(({ unpackedSize }) => unpackedSize));
    const name = each?.name ?? made.manifest.descriptor.digest;
    return `${made.architecture}  ${mebibytes(packed)} (${mebibytes(unpacked)} unpacked)  ${name}\n`;
  });
  process.stdout.write(lines.join(""));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      packages: { type: "string" },
      target: { type: "string" },
      compression: { type: "string", default: "zstd" },
      image: { type: "string", default: `localhost/tortie:${version}` },
      output: { type: "string", default: join(root, "dist") },
      executable: { type: "string" },
      tree: { type: "string" },
    },
  });
  const { packages, target, executable, tree } = values;
  const image = imageReference(values.image);
  if (packages === undefined) throw new Refused("--packages is missing: run script/image, which gives it");
  if (target === undefined && (executable ?? tree) !== undefined) {
    throw new Refused("--executable and --tree need --target");
  }
  const compression = oneOf<Compression>("compression", ["zstd", "gzip"], values.compression);
  const targets = target === undefined ? ARCHITECTURES : [oneOf("target", ARCHITECTURES, target)];
  const builds = targets.map((architecture) => {
    const built = executable ?? join(root, "dist", EXECUTABLES[architecture]);
    if (existsSync(built)) return { architecture, executable: built };
    throw new Refused(`there is no executable ${built}: make it by script/bun run build`);
  });
  const time = Number(process.env["SOURCE_DATE_EPOCH"] ?? git("log", "-1", "--format=%ct") ?? 0);
  const revision = git("rev-parse", "HEAD") ?? "unknown";
  const bundled = await bundledPackages();
  const requests = builds.map((build): ImageRequest => ({
    ...build,
    packages,
    bundled,
    compression,
    version,
    revision,
    time,
  }));
  if (tree !== undefined) {
    for (const request of requests) makeTree(request, resolve(tree));
    return;
  }

  const images = requests.map((request) => {
    const made = makeImage(request);
    say(made);
    return made;
  });
  // From here on nothing is waited for, so that a signal is heard when all files are whole.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const output = resolve(values.output);
  mkdirSync(output, { recursive: true });
  for (const made of images) {
    const files = layoutFiles([named(made.manifest.descriptor, image)], made.blobs);
    const name = join(output, `tortie-image-${made.architecture}`);
    writeFileSync(`${name}.tar`, layoutArchive(files));
    writeFileSync(`${name}.spdx.json`, made.sbom);
  }
  const index = imageIndex(images);
  const entries = [
    named(index.descriptor, image),
    ...images.map((made) => made.sbomArtifact.manifest.descriptor),
  ];
  const blobs = images.flatMap((made) => [...made.blobs, ...made.sbomArtifact.blobs]);
  writeLayout(join(output, "image"), layoutFiles(entries, [index, ...blobs]));
  process.stdout.write(`${join(output, "image")}  ${image}  ${index.descriptor.digest}\n`);
}

await withUsage(USAGE, main);
