import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../compile.ts";
import { HELPERS } from "../install/helper-plugins.ts";
import { readElf } from "../install/elf.ts";
import { isTortie } from "../install/marker.ts";
import { NetworkNamespace } from "../native/network-namespace.ts";
import { makeBareRoot } from "./binary/bare-root.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-binary-install-"));
const network = NetworkNamespace.create();
afterAll(() => {
  network[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

let tortie = "";
beforeAll(async () => {
  const built = join(folder, "built");
  mkdirSync(built);
  tortie = await build("x64", built, tortieEntrypoints());
}, 120_000);

interface Outcome {
  readonly code: number;
  readonly said: string;
  readonly warned: string;
}

/** Runs commands in a mount namespace of its own: `$1` is the host's root directory, the others are what it is to run. */
function inMounts(script: string, root: string, command: readonly string[]): Outcome {
  const child = network.run(() =>
    Bun.spawnSync(["unshare", "-m", "sh", "-ec", `${script}\nshift; exec "$@"`, "sh", root, ...command], {
      env: { PATH: process.env["PATH"] ?? "" },
      cwd: folder,
      stderr: "pipe",
    }),
  );
  return { code: child.exitCode, said: child.stdout.toString(), warned: child.stderr.toString() };
}

const WITH_PROC = 'mount --bind /proc "$1/proc"';

function install(
  root: string,
  script: string = WITH_PROC,
  plugins: string = folder,
  before: readonly string[] = [],
): Outcome {
  const words = [
    "install",
    "--bin-dir",
    join(root, "opt/cni/bin"),
    "--host-root",
    root,
    "--plugins",
    plugins,
  ];
  return inMounts(script, root, [...before, tortie, ...words]);
}

let roots = 0;

/** A host with glibc and nothing else. */
function makeHost(): string {
  const root = join(folder, `host${roots++}`);
  mkdirSync(root);
  makeBareRoot(root, tortie);
  return root;
}

function installed(root: string): string[] {
  return readdirSync(join(root, "opt/cni/bin")).toSorted();
}

const REFUSED = "tortie install: the CNI plugin does not run on this host, so it is not installed: ";

test("the executable installs itself, tried with the host's root directory", () => {
  const root = makeHost();
  const { code, said, warned } = install(root);
  expect(warned).toBe("");
  expect(said).toMatch(
    /^Wrote Calico CNI binaries to \S+\n {2}written: tortie, calico\n {2}neither .*\n {2}Pods .*\nCNI plugin version: \S+ \(commit \S+\)\nDone configuring CNI\. {2}Sleep=false\n$/,
  );
  expect(code).toBe(0);
  expect(installed(root)).toEqual(["calico", "tortie"]);
  expect(isTortie(join(root, "opt/cni/bin/calico"))).toBe(true);
  // As the runtime calls it.
  const version = inMounts(WITH_PROC, root, ["chroot", root, "/opt/cni/bin/calico", "-v"]);
  expect(version.said + version.warned).toContain(/CNI plugin version: (\S+)/.exec(said)?.[1] ?? "none");
});

test("a host without the loader is refused before anything is put in place", () => {
  const root = join(folder, "empty");
  mkdirSync(join(root, "proc"), { recursive: true });
  const { code, warned } = install(root);
  expect(warned).toBe(
    `${REFUSED}the host has no glibc: its loader ${readElf(tortie)?.loader} is missing; the CNI plugin runs on the host and ` +
      "needs glibc 2.17 or later\n",
  );
  expect(code).toBe(1);
  expect(installed(root)).toEqual([]);
});

test("so is one whose glibc is too old", () => {
  const root = makeHost();
  for (const libc of new Bun.Glob("lib*/**/libc.so.6").scanSync({ cwd: root, absolute: true }))
    writeFileSync(libc, "\0GLIBC_2.2.5\0GLIBC_2.12\0");
  const { code, warned } = install(root);
  expect(warned).toMatch(
    /: the host's glibc is 2\.12 \(\/\S+\/libc\.so\.6\); the CNI plugin runs on the host and needs glibc 2\.17 or later\n$/,
  );
  expect(code).toBe(1);
  expect(installed(root)).toEqual([]);
});

test("what the look does not find the trial does: a library that is missing, a loader that does not work", () => {
  const incomplete = makeHost();
  for (const libm of new Bun.Glob("lib*/**/libm.so.6").scanSync({ cwd: incomplete, absolute: true }))
    rmSync(libm);
  expect(install(incomplete).warned).toMatch(/it ended with 127 when it was tried: .*libm\.so\.6/);
  const broken = makeHost();
  writeFileSync(join(broken, readElf(tortie)?.loader ?? ""), "no loader");
  expect(install(broken).warned).toStartWith(`${REFUSED}it cannot be started (`);
  expect([installed(incomplete), installed(broken)]).toEqual([[], []]);
});

test("one for another processor is refused", () => {
  const other = join(folder, "other");
  copyFileSync(tortie, other);
  const fd = openSync(other, "r+");
  // The machine of the ELF header; this one is the PDP-11.
  writeSync(fd, Buffer.from([65, 0]), 0, 2, 0x12);
  closeSync(fd);
  const target = join(folder, "bin");
  const words = ["--executable", other, "--plugins", folder, "--bin-dir", target, "--host-root", "/"];
  expect(inMounts("", "/", [tortie, "install", ...words])).toEqual({
    code: 1,
    said: "",
    warned: `${REFUSED}it is made for another kind of processor (ENOEXEC)\n`,
  });
  expect(readdirSync(target)).toEqual([]);
});

const NO_CAPABILITY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];

/** As the DaemonSet's init container: by root, without any capability. */
function installWithout(root: string, script: string = WITH_PROC): Outcome {
  return install(root, script, folder, NO_CAPABILITY);
}

test("without the right to change the root directory it is tried by the host's own loader", () => {
  const root = makeHost();
  const { code, said, warned } = installWithout(root);
  expect(warned).toBe("");
  expect(said).toContain("\nCNI plugin version: ");
  expect(said).not.toContain("Note: it");
  expect(code).toBe(0);
  expect(installed(root)).toEqual(["calico", "tortie"]);
  // Nothing but the host's libraries counts: this machine has all of them.
  const incomplete = makeHost();
  for (const libm of new Bun.Glob("lib*/**/libm.so.6").scanSync({ cwd: incomplete, absolute: true }))
    rmSync(libm);
  expect(installWithout(incomplete).warned).toBe(`${REFUSED}the host has libc.so.6, but not libm.so.6\n`);
  const other = makeHost();
  for (const libm of new Bun.Glob("lib*/**/libm.so.6").scanSync({ cwd: other, absolute: true }))
    writeFileSync(libm, readFileSync(libm, "latin1").replaceAll("GLIBC_2.", "GLIBC_9."), "latin1");
  expect(installWithout(other).warned).toMatch(
    /: the host's loader says \S+: \S+libm\.so\.6: version `GLIBC_2[.\d]+' not found/,
  );
  const broken = makeHost();
  const loader = readElf(tortie)?.loader ?? "";
  writeFileSync(join(broken, loader), "no loader");
  expect(installWithout(broken).warned).toBe(
    `${REFUSED}the host's loader ${loader} cannot be started (ENOEXEC)\n`,
  );
  expect([incomplete, other, broken].map(installed)).toEqual([[], [], []]);
});

test("where nothing of the host may be executed its libraries are looked at, and it says so", () => {
  const root = makeHost();
  const script = `${WITH_PROC}\nmount --bind "$1/lib64" "$1/lib64"; mount --bind -o remount,noexec "$1/lib64"`;
  const { code, said } = installWithout(root, script);
  expect(said).toContain(
    `Note: it ran in this container, not on the host: could not make ${root} the root directory: Operation not permitted ` +
      "(EPERM), and its loader cannot be started here (EACCES); the host's libraries were looked at, and suffice.\n",
  );
  expect(code).toBe(0);
});

test("as in a container: the host's root directory is at /host, and the plugin's own is empty", () => {
  const root = makeHost();
  const container = join(folder, "container");
  mkdirSync(container);
  makeBareRoot(container, tortie);
  mkdirSync(join(container, "host"));
  mkdirSync(join(root, "opt/cni/bin"), { recursive: true });
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  const script =
    `mount --bind /proc "$1/proc"; mount --rbind "$1" "${container}/host"; mount --bind /proc "${container}/proc"\n` +
    `mkdir -p "${container}/dev"; touch "${container}/dev/null"; mount --bind /dev/null "${container}/dev/null"`;
  const { code, said, warned } = inMounts(script, root, ["chroot", container, "/tortie", "install"]);
  expect(warned).toBe("");
  expect(said).toStartWith("Wrote Calico CNI binaries to /host/opt/cni/bin\n  written: tortie, calico\n");
  expect(said).not.toContain("Note:");
  expect(code).toBe(0);
  expect(installed(root)).toEqual(["calico", "tortie"]);
  const gone = inMounts(script, root, [
    "chroot",
    container,
    "/tortie",
    "uninstall",
    "--net-dir=/none",
    "--state-dir=/none",
  ]);
  expect(gone).toMatchObject({ code: 0, warned: "" });
  expect(gone.said).toContain("Removed executable /host/opt/cni/bin/calico\n");
  expect(installed(root)).toEqual([]);
});

/** Plugins as Debian 12 builds them: linked dynamically, and like all of its programs for glibc 2.34. */
function makePlugins(): string {
  const plugins = mkdtempSync(join(folder, "plugins-"));
  for (const name of HELPERS) copyFileSync(Bun.which("true") ?? "", join(plugins, name));
  return plugins;
}

/** Makes the host's glibc one of before 2.34, as Debian 11 has it, by other names for what came later. */
function makeOld(root: string): void {
  for (const library of new Bun.Glob("lib*/**/*.so*").scanSync({ cwd: root, absolute: true })) {
    const text = readFileSync(library, "latin1");
    writeFileSync(library, text.replaceAll(/GLIBC_(?=2\.(?:3[4-9]|[4-9]\d))/g, "GLIBX_"), "latin1");
  }
}

test.each([
  ["with the host's root directory", []],
  ["without any capability", NO_CAPABILITY],
] as const)("helper plugins that the host runs come with it: %s", (_, before) => {
  const root = makeHost();
  const { code, said, warned } = install(root, WITH_PROC, makePlugins(), before);
  expect(warned).toBe("");
  expect(said).not.toContain("Note:");
  expect(code).toBe(0);
  expect(installed(root)).toEqual(["calico", "tortie", ...HELPERS].toSorted());
});

test.each([
  ["with the host's root directory", []],
  ["without any capability", NO_CAPABILITY],
] as const)("on a host before glibc 2.34 tortie runs, and its own host-local is wanted: %s", (_, before) => {
  const root = makeHost();
  makeOld(root);
  const plugins = makePlugins();
  const refused = install(root, WITH_PROC, plugins, before);
  expect(refused.warned).toMatch(
    /^tortie install: host-local does not run on this host, so nothing is installed: the host's glibc is 2\.33 \(\S+\); host-local runs on the host and needs glibc 2\.\d+ or later; pods get no address without it: put one /,
  );
  expect([refused.code, installed(root)]).toEqual([1, []]);
  writeFileSync(join(root, "opt/cni/bin/host-local"), "#!/bin/sh\n");
  const { code, said, warned } = install(root, WITH_PROC, plugins, before);
  expect(warned).toBe("");
  const left = [...said.matchAll(/^Note: (\S+) is left out: the host's glibc is 2\.33 /gm)];
  expect(left.map(([, name]) => name)).toEqual(["portmap", "bandwidth", "loopback", "tuning"]);
  expect(code).toBe(0);
  expect(installed(root)).toEqual(["calico", "host-local", "tortie"]);
});
