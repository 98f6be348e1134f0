import { createHash } from "node:crypto";
import { program } from "./programs.ts";

/** What every test's pods and their sandboxes run; it is in no registry, containerd must have imported it. */
export const POD_IMAGE = "tortie.test/pod:1";

/** What a container without a command of its own does: it waits, and ends as soon as it is asked to. */
const WAIT = "trap 'exit 0' TERM INT; sleep 2147483647 & wait";

const BLOCK = 512;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** A file of an archive, or another name for one that stands before it. */
interface Entry {
  readonly path: string;
  readonly content: Uint8Array;
  readonly linkTo?: string;
}

/** A program in a pod's file system, beside busybox. It must be linked statically: there is no libc. */
export interface PodProgram {
  /** Without a leading slash, for example `bin/ask`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** The header of ustar: POSIX 1003.1-1988, fields of fixed width, numbers in octal. */
function header({ path, content, linkTo }: Entry): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(0, path);
  put(100, octal(0o755, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(content.length, 11));
  put(136, octal(0, 11));
  put(148, " ".repeat(8));
  put(156, linkTo === undefined ? "0" : "1");
  put(157, linkTo ?? "");
  put(257, "ustar\0");
  put(263, "00");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return bytes;
}

function tar(entries: readonly Entry[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.path.length > 99) throw new Error(`a path of at most 99 bytes fits: ${entry.path}`);
    const fill = new Uint8Array((BLOCK - (entry.content.length % BLOCK)) % BLOCK);
    return [header(entry), entry.content, fill];
  });
  return new Uint8Array(Buffer.concat([...parts, new Uint8Array(2 * BLOCK)]));
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * An archive for `ctr image import`, made from nothing but Debian's static busybox: an OCI image layout of one layer.
 * Each applet is in `/bin`, `sh`, `nc`, `wget`, `httpd` and `ping` among them.
 */
export async function podImage(programs: readonly PodProgram[] = []): Promise<Uint8Array> {
  const busybox = await Bun.file(program("busybox")).bytes();
  const blobs: Entry[] = [];
  const blob = (mediaType: string, content: Uint8Array): Descriptor => {
    const sum = createHash("sha256").update(content).digest("hex");
    blobs.push({ path: `blobs/sha256/${sum}`, content });
    return { mediaType, digest: `sha256:${sum}`, size: content.length };
  };
  const applets = Bun.spawnSync([program("busybox"), "--list"])
    .stdout.toString()
    .trim()
    .split("\n");
  const names = applets.filter((name) => name !== "busybox").map((name) => `bin/${name}`);
  const files = [
    { path: "bin/busybox", content: busybox },
    ...names.map((path) => ({ path, content: new Uint8Array(), linkTo: "bin/busybox" })),
    ...programs,
  ];
  const layer = blob("application/vnd.oci.image.layer.v1.tar", tar(files));
  const platform = { os: "linux", architecture: ARCHITECTURES[process.arch] };
  const config = blob(
    "application/vnd.oci.image.config.v1+json",
    json({
      ...platform,
      config: { Entrypoint: ["/bin/sh", "-c", WAIT], Env: ["PATH=/bin"] },
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    }),
  );
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = blob(type, json({ schemaVersion: 2, mediaType: type, config, layers: [layer] }));
  const annotations = { "io.containerd.image.name": POD_IMAGE };
  return tar([
    { path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    {
      path: "index.json",
      content: json({ schemaVersion: 2, manifests: [{ ...manifest, platform, annotations }] }),
    },
    ...blobs,
  ]);
}
