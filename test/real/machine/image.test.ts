import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Containerd, startContainerd } from "../containerd.ts";
import { type Machine, startMachine } from "../machine.ts";

// What script/image makes of dist/, in Debian's containerd: by both compressions, for one architecture and for both.
const SCRIPT = new URL("../../../script/image", import.meta.url).pathname;
const OWN = process.arch === "arm64" ? "arm64" : "amd64";
const FACES = ["agent", "install", "uninstall", "health", "preflight"];

const folder = mkdtempSync(join(tmpdir(), "tortie-image-"));
let machine: Machine;
let containerd: Containerd;
beforeAll(async () => {
  machine = await startMachine();
  containerd = await startContainerd(machine);
}, 60_000);
afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function make(name: string, words: readonly string[]): Promise<string> {
  const output = join(folder, name);
  const made = Bun.spawn([SCRIPT, "--output", output, ...words], { stdout: "pipe", stderr: "pipe" });
  const [said] = await Promise.all([made.stderr.text(), made.exited]);
  if (made.exitCode !== 0) throw new Error(`script/image ended with ${made.exitCode}: ${said}`);
  return output;
}

/** Runs a command in a container whose root nobody may write to; shares of a processor need a controller. */
const run = (image: string, ...command: string[]): Promise<string> =>
  containerd.ctr(["run", "--rm", "--read-only", "--cpu-shares=0", image, "tried", ...command]);

test.each<[string, readonly string[]]>([
  ["zstd", []],
  ["gzip", ["--target", OWN]],
])(
  "an archive of %s is imported under its name, and tortie runs by its own",
  async (compression, targets) => {
    const image = `localhost/tortie:${compression}`;
    const output = await make(compression, ["--compression", compression, "--image", image, ...targets]);
    await containerd.ctr(["images", "import", join(output, `tortie-image-${OWN}.tar`)]);
    expect(await run(image, "tortie", "version")).toMatch(/^tortie \S+ \(commit \S+\)\n$/);
    expect(await run(image, "calicoctl", "version")).toContain("Client Version:");
    const help = await run(image, "tortie", "help");
    for (const face of FACES) expect(help).toContain(`tortie ${face} `);
    expect(await run(image, "sh", "-c", "true").catch(String)).toContain("executable file not found");
  },
  60_000,
);

test("the layout of both architectures is one image, and gives this machine its own", async () => {
  const image = "localhost/tortie:zstd";
  const archive = join(folder, "both.tar");
  await Bun.$`tar --create --file ${archive} --directory ${join(folder, "zstd/image")} .`.quiet();
  await containerd.ctr(["images", "import", archive]);
  const listed = await containerd.ctr(["images", "list", `name==${image}`]);
  expect(listed).toContain("application/vnd.oci.image.index.v1+json");
  expect(await run(image, "tortie", "version")).toMatch(/^tortie \S+ \(commit \S+\)\n$/);
}, 60_000);
