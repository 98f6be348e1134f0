import { layoutArchive, layoutFiles } from "../../deploy/image/oci-layout.ts";
import { image, layer } from "../../deploy/image/oci.ts";
import { type Entry, tar, withDirectories } from "../../deploy/image/tar.ts";
import { program } from "./programs.ts";

/** What every test's pods and their sandboxes run; it is in no registry, containerd must have imported it. */
export const POD_IMAGE = "tortie.test/pod:1";

/** What a container without a command of its own does: it waits, and ends as soon as it is asked to. */
const WAIT = "trap 'exit 0' TERM INT; sleep 2147483647 & wait";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** A program in a pod's file system, beside busybox. It must be linked statically: there is no libc. */
export interface PodProgram {
  /** Without a leading slash, for example `bin/ask`. */
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * An archive for `ctr image import`, made from nothing but Debian's static busybox: an OCI image layout of one layer.
 * Each applet is in `/bin`, `sh`, `nc`, `wget`, `httpd` and `ping` among them.
 */
export async function podImage(programs: readonly PodProgram[] = []): Promise<Uint8Array> {
  const busybox = { path: "bin/busybox", content: await Bun.file(program("busybox")).bytes() };
  const applets = Bun.spawnSync([program("busybox"), "--list"])
    .stdout.toString()
    .trim()
    .split("\n")
    .filter((name) => name !== "busybox");
  const entries = [
    ...applets.map((name): Entry => ({ kind: "link", path: `bin/${name}`, target: "busybox" })),
    ...[busybox, ...programs].map((each): Entry => ({ kind: "file", executable: true, ...each })),
  ];
  const { manifest, blobs } = image({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    created: "1970-01-01T00:00:00Z",
    layers: [layer("busybox", tar(withDirectories(entries)), "zstd")],
    config: { Entrypoint: ["/bin/sh", "-c", WAIT], Env: ["PATH=/bin"] },
    annotations: {},
  });
  const annotations = { "io.containerd.image.name": POD_IMAGE };
  return layoutArchive(layoutFiles([{ ...manifest.descriptor, annotations }], blobs));
}
