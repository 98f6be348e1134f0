import { expect, test } from "bun:test";
import { zstdDecompressSync, gunzipSync } from "node:zlib";
import { artifact, blob, image, imageIndex, layer, sha256 } from "./oci.ts";
import { layoutArchive, layoutFiles } from "./oci-layout.ts";
import { tar } from "./tar.ts";

const archive = tar([{ kind: "directory", path: "tmp", mode: 0o1777 }]);
const made = image({
  architecture: "arm64",
  created: "1970-01-01T00:00:00Z",
  layers: [layer("base", archive, "zstd"), layer("more", archive, "gzip")],
  config: { User: "0:0" },
  annotations: { a: "b" },
});
const json = (content: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(content));

test("layer: says how it is compressed, and knows itself before compression", () => {
  const [zstd, gzip] = [layer("x", archive, "zstd"), layer("x", archive, "gzip")];
  expect(zstd.blob.descriptor.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+zstd");
  expect(gzip.blob.descriptor.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+gzip");
  expect(sha256(zstdDecompressSync(zstd.blob.content))).toBe(zstd.unpacked);
  expect(sha256(gunzipSync(gzip.blob.content))).toBe(gzip.unpacked);
});

test("image: its configuration names the layers in order, unpacked", () => {
  expect(json(made.blobs[1]?.content)).toEqual({
    created: "1970-01-01T00:00:00Z",
    os: "linux",
    architecture: "arm64",
    config: { User: "0:0" },
    rootfs: { type: "layers", diff_ids: [sha256(archive), sha256(archive)] },
    history: ["base", "more"].map((name) => ({
      created: "1970-01-01T00:00:00Z",
      created_by: `script/image: ${name}`,
    })),
  });
});

test("image: every descriptor is true of a blob, and the manifest's has the platform", () => {
  const known = new Map(made.blobs.map(({ content }) => [sha256(content), content.length]));
  for (const { descriptor } of made.blobs) expect(known.get(descriptor.digest)).toBe(descriptor.size);
  const index = json(imageIndex([made]).content);
  const platform = { os: "linux", architecture: "arm64" };
  expect(index).toMatchObject({ manifests: [{ digest: made.manifest.descriptor.digest, platform }] });
});

test("artifact: names the image that it is about, without its platform", () => {
  const about = artifact(
    made.manifest.descriptor,
    "application/spdx+json",
    blob("application/spdx+json", archive),
  );
  const { mediaType, digest, size } = made.manifest.descriptor;
  expect(json(about.manifest.content)).toMatchObject({
    artifactType: "application/spdx+json",
    subject: { mediaType, digest, size },
  });
});

test("layoutFiles: each blob lies where its digest says, and an archive of them is always the same", () => {
  const files = layoutFiles([made.manifest.descriptor], made.blobs);
  for (const { descriptor, content } of made.blobs) {
    expect(files.get(`blobs/sha256/${descriptor.digest.slice("sha256:".length)}`)).toEqual(content);
  }
  expect(json(files.get("oci-layout"))).toEqual({ imageLayoutVersion: "1.0.0" });
  const turned = new Map([...files].toReversed());
  expect(layoutArchive(turned)).toEqual(layoutArchive(files));
});
