import { createHash } from "node:crypto";
import type { Compression } from "./compression.ts";
import { compress } from "./compression.ts";

/** https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: "linux"; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

export interface Blob {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
}

export const sha256 = (content: Uint8Array): string =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`;

export function blob(mediaType: string, content: Uint8Array): Blob {
  return { descriptor: { mediaType, digest: sha256(content), size: content.length }, content };
}

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const PREFIX = "application/vnd.oci.image";
export const INDEX_TYPE: string = `${PREFIX}.index.v1+json`;
export const MANIFEST_TYPE: string = `${PREFIX}.manifest.v1+json`;

/** An archive as a layer, and its digest before compression, by which the image's configuration knows it. */
export interface Layer {
  readonly name: string;
  readonly unpacked: string;
  readonly unpackedSize: number;
  readonly blob: Blob;
}

export function layer(name: string, archive: Uint8Array<ArrayBuffer>, compression: Compression): Layer {
  return {
    name,
    unpacked: sha256(archive),
    unpackedSize: archive.length,
    blob: blob(`${PREFIX}.layer.v1.tar+${compression}`, compress(archive, compression)),
  };
}

export interface ImageOptions {
  readonly architecture: string;
  /** RFC 3339. */
  readonly created: string;
  readonly layers: readonly Layer[];
  /** As https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md has it: `Env`, `Entrypoint` and so on. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Image {
  readonly manifest: Blob;
  /** The manifest, the configuration, the layers. */
  readonly blobs: readonly Blob[];
}

/** An image for one platform. */
export function image({ architecture, created, layers, config, annotations }: ImageOptions): Image {
  const platform = { os: "linux", architecture } as const;
  const configuration = blob(
    `${PREFIX}.config.v1+json`,
    jsonBytes({
      created,
      ...platform,
      config,
      rootfs: { type: "layers", diff_ids: layers.map((each) => each.unpacked) },
      history: layers.map(({ name }) => ({ created, created_by: `script/image: ${name}` })),
    }),
  );
  const bare = blob(
    MANIFEST_TYPE,
    jsonBytes({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: configuration.descriptor,
      layers: layers.map((each) => each.blob.descriptor),
      annotations,
    }),
  );
  const manifest = { ...bare, descriptor: { ...bare.descriptor, platform } };
  return { manifest, blobs: [manifest, configuration, ...layers.map((each) => each.blob)] };
}

/** The images of several platforms as one. */
export function imageIndex(images: readonly Image[]): Blob {
  const manifests = images.map(({ manifest }) => manifest.descriptor);
  return blob(INDEX_TYPE, jsonBytes({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests }));
}

/** What belongs to an image without being part of it: registries list it as a referrer of the image. */
export function artifact(subject: Descriptor, artifactType: string, content: Blob): Image {
  const config = blob("application/vnd.oci.empty.v1+json", new TextEncoder().encode("{}"));
  const { mediaType, digest, size } = subject;
  const bare = blob(
    MANIFEST_TYPE,
    jsonBytes({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      artifactType,
      config: config.descriptor,
      layers: [content.descriptor],
      subject: { mediaType, digest, size },
    }),
  );
  const manifest = { ...bare, descriptor: { ...bare.descriptor, artifactType } };
  return { manifest, blobs: [manifest, config, content] };
}
