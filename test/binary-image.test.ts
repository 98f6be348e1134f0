import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { elfNeeds } from "../deploy/image/elf-needs.ts";
import { ARCHITECTURES, type Architecture, MACHINES } from "../deploy/image/libraries.ts";
import { layersOf, type Layers, type Member, members, unpack } from "./binary/image-layers.ts";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "tortie-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLUGINS = ["bandwidth", "host-local", "loopback", "portmap", "tuning"];

/** In another directory, under another mask and in another zone: nothing of it may show. */
async function make(name: string, mask: string, zone: string): Promise<string> {
  const output = join(folder, name);
  const script = `umask ${mask} && exec "$0" --output "$1"`;
  const words = ["bash", "-c", script, join(root, "script/image"), output];
  const made = Bun.spawn(words, { env: { ...process.env, TZ: zone }, stdout: "pipe", stderr: "pipe" });
  const [said] = await Promise.all([made.stderr.text(), made.exited]);
  if (made.exitCode !== 0) throw new Error(`script/image ended with ${made.exitCode}: ${said}`);
  return output;
}

let one: string;
let two: string;
const layers = new Map<Architecture, Layers>();
const contents = new Map<Architecture, Member[]>();
beforeAll(async () => {
  one = await make("one", "022", "UTC");
  two = await make("two/deeper", "077", "Asia/Tokyo");
  for (const architecture of ARCHITECTURES) {
    const found = layersOf(join(one, "image"), architecture);
    layers.set(architecture, found);
    contents.set(architecture, found.paths.flatMap(members));
  }
}, 120_000);

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

test("two runs give the same files, byte for byte", () => {
  expect(files(two)).toEqual(files(one));
  for (const path of files(one)) {
    expect([path, Bun.hash(readFileSync(join(two, path)))]).toEqual([
      path,
      Bun.hash(readFileSync(join(one, path))),
    ]);
  }
});

test("docs/security.md tells its sizes, within a twentieth", () => {
  const page = readFileSync(join(root, "docs/security.md"), "utf8");
  const told = (row: string): number[] => {
    const line = page.split("\n").find((each) => each.startsWith(`| ${row} |`)) ?? "";
    return [...line.matchAll(/([\d.]+) MiB/g)].map(([, figure]) => Number(figure));
  };
  const mebibytes = (bytes: number): number => bytes / 1024 / 1024;
  for (const [at, architecture] of ARCHITECTURES.entries()) {
    const { paths } = layers.get(architecture) ?? { paths: [] };
    const packed = paths.reduce((sum, path) => sum + statSync(path).size, 0);
    const unpacked = (contents.get(architecture) ?? []).reduce((sum, { size }) => sum + size, 0);
    expect(Math.abs((told("compressed with zstd")[at] ?? 0) / mebibytes(packed) - 1)).toBeLessThan(0.05);
    expect(Math.abs((told("unpacked")[at] ?? 0) / mebibytes(unpacked) - 1)).toBeLessThan(0.05);
  }
});

describe.each(ARCHITECTURES)("the image for %s", (architecture) => {
  const all = (): Member[] => contents.get(architecture) ?? [];

  test("has nothing that belongs to anybody but root, that others may write, or that gives rights", () => {
    expect(all().filter(({ owner }) => owner !== "0/0")).toEqual([]);
    expect(all().filter(({ mode }) => /s/i.test(mode))).toEqual([]);
    const writable = all().filter(({ mode }) => !mode.startsWith("l") && mode[8] === "w");
    expect(writable.map(({ mode, path }) => `${mode} ${path}`)).toEqual(["drwxrwxrwt tmp/"]);
  });

  test("can run tortie and five plugins, and no other program", () => {
    const { libraries } = MACHINES[architecture];
    const programs = all().filter(
      ({ mode, path }) => mode === "-rwxr-xr-x" && !path.startsWith(`${libraries}/`),
    );
    expect(programs.map(({ path }) => path).toSorted()).toEqual([
      ...PLUGINS.map((name) => `opt/cni/bin/${name}`),
      "usr/bin/tortie",
    ]);
    const links = all().filter(({ path }) => path.startsWith("usr/bin/") && !path.endsWith("/"));
    expect(links.map(({ path }) => path)).toEqual([
      "usr/bin/calicoctl",
      "usr/bin/kubectl-calico",
      "usr/bin/tortie",
    ]);
  });

  test("has every library that they name, for its own machine", () => {
    const directory = join(folder, architecture);
    for (const path of layers.get(architecture)?.paths ?? []) unpack(path, directory);
    const programs = ["usr/bin/tortie", ...PLUGINS.map((name) => `opt/cni/bin/${name}`)];
    const { elf, libraries } = MACHINES[architecture];
    for (const program of programs) {
      const needs = elfNeeds(readFileSync(join(directory, program)));
      expect([program, needs?.machine]).toEqual([program, elf]);
      for (const library of needs?.libraries ?? []) readFileSync(join(directory, libraries, library));
      readFileSync(join(directory, libraries, needs?.interpreter?.split("/").at(-1) ?? ""));
    }
  });

  test("brings the licenses of what is in it", () => {
    const paths = all().map(({ path }) => path);
    for (const name of ["base-files", "libc6", "containernetworking-plugins"]) {
      expect(paths).toContain(`usr/share/doc/${name}/copyright`);
    }
    for (const name of ["LICENSE", "NOTICE"]) expect(paths).toContain(`usr/share/licenses/tortie/${name}`);
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(paths.some((path) => path.startsWith(`usr/share/licenses/tortie/npm/${name}-${version}/`))).toBe(
        true,
      );
    }
  });

  test("comes with a document that names its digest and every dependency", () => {
    const text = readFileSync(join(one, `tortie-image-${architecture}.spdx.json`), "utf8");
    const named = [...text.matchAll(/"referenceLocator": "([^"]+)"/g)].map((match) => match[1]);
    expect(named).toContain(
      `pkg:oci/tortie@${encodeURIComponent(layers.get(architecture)?.manifest ?? "")}?arch=${architecture}&tag=${manifest.version}`,
    );
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(named).toContain(`pkg:npm/${name.replace("@", "%40")}@${version}`);
    }
  });
});

test("tortie, its links and a plugin run with this machine's image as their root", () => {
  const own: Architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const directory = join(folder, own);
  mkdirSync(join(directory, "proc"), { recursive: true });
  const run = (...words: string[]): string => {
    // Every container has /proc, and Bun needs it to find its own file.
    const script = `mount --rbind /proc ${directory}/proc && exec chroot ${directory} "$@"`;
    const done = Bun.spawnSync(["unshare", "-m", "sh", "-c", script, "sh", ...words], {
      env: {},
      stderr: "pipe",
    });
    return done.stdout.toString() + done.stderr.toString();
  };
  expect(run("/usr/bin/tortie", "version")).toMatch(/^tortie \S+ \(commit \S+\)\n$/);
  expect(run("/usr/bin/calicoctl", "version")).toContain("Client Version:");
  expect(run("/opt/cni/bin/host-local")).toContain("CNI protocol versions supported");
  expect(run("/bin/sh", "-c", "true")).toContain("No such file");
});
