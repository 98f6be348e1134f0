import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../../../../compile.ts";
import type { Containerd } from "../../containerd.ts";
import { builtExecutable } from "../plugin/built.ts";

const SCRIPT = new URL("../../../../script/image", import.meta.url).pathname;
/** What the checked-in manifests name. */
export const IMAGE = "localhost/tortie:0.1.0";

const TARGETS = process.arch === "arm64" ? (["arm64", "arm64"] as const) : (["x64", "amd64"] as const);

/**
 * Builds the executable as version `stamp`, makes the image of it as a release does, and imports that as a
 * person does without a registry.
 */
export async function importTortie(
  containerd: Containerd,
  { stamp, image = IMAGE }: { readonly stamp?: string; readonly image?: string } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tortie-node-image-"));
  try {
    const [built, target] = TARGETS;
    const executable =
      stamp === undefined ? await builtExecutable() : await build(built, folder, tortieEntrypoints(), stamp);
    const words = ["--target", target, "--executable", executable, "--image", image, "--output", folder];
    const made = Bun.spawn([SCRIPT, ...words], { stdout: "pipe", stderr: "pipe" });
    const [, said] = await Promise.all([made.stdout.text(), made.stderr.text(), made.exited]);
    if (made.exitCode !== 0) throw new Error(`script/image: ${said}`);
    // Its /tmp is the tests'.
    await containerd.ctr(["image", "import", join(folder, `tortie-image-${target}.tar`)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
