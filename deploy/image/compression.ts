import { gzipSync } from "node:zlib";

export type Compression = "zstd" | "gzip";

// Higher levels of zstd take 60 s for the last 8 % of the executable.
const ZSTD_LEVEL = 9;
const GZIP_LEVEL = 9;

/** One thread and no time of its own: the same bytes give the same bytes. */
export function compress(content: Uint8Array<ArrayBuffer>, how: Compression): Uint8Array {
  switch (how) {
    case "zstd":
      return Bun.zstdCompressSync(content, { level: ZSTD_LEVEL });
    case "gzip":
      return gzipSync(content, { level: GZIP_LEVEL });
  }
}
