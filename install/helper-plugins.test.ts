import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readElf } from "./elf.ts";
import { type HelperPlan, HELPERS, type HelperQuestion, planHelpers } from "./helper-plugins.ts";
import { InstallError } from "./install-error.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-helper-plugins-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Any executable that is linked dynamically does for a plugin: it is looked at, not run.
const NEEDS = readElf(process.execPath);
const LOADER = NEEDS?.loader ?? "";
let questions = 0;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}

/** A host whose glibc has this version, and an image with these plugins. */
function question(glibc: string, plugins: readonly string[] = HELPERS): HelperQuestion {
  const folderOfOne = join(folder, String(questions++));
  const [root, image] = [join(folderOfOne, "host"), join(folderOfOne, "image")];
  write(join(root, LOADER), "no loader");
  write(join(root, "lib64/libc.so.6"), `\0GLIBC_${glibc}\0`);
  mkdirSync(image);
  for (const name of plugins) symlinkSync(process.execPath, join(image, name));
  const directory = join(root, "opt/cni/bin");
  mkdirSync(directory, { recursive: true });
  const view = { kind: "seen", root, path: "/opt/cni/bin" } as const;
  const asked = { plugins: image, skip: new Set<string>(), update: undefined };
  return { ...asked, executable: join(folderOfOne, "tortie"), directory, view };
}

function refusal(asked: HelperQuestion): string {
  try {
    planHelpers(asked);
    return "not refused";
  } catch (error) {
    expect(error).toBeInstanceOf(InstallError);
    return (error as InstallError).message;
  }
}

const MEND =
  "put one that is made for this host into /opt/cni/bin (packages kubernetes-cni and containernetworking-plugins have it), " +
  "which is then left alone";

test("a host-local that the host's glibc cannot run is refused, with what the host has and what to do", () => {
  expect(refusal(question("2.2"))).toBe(
    "host-local does not run on this host, so nothing is installed: the host's glibc is 2.2 (/lib64/libc.so.6); host-local " +
      `runs on the host and needs glibc ${NEEDS?.glibc} or later; pods get no address without it: ${MEND}`,
  );
});

test("one of the host's own is left alone; the others are left out, and what is missing is told", () => {
  const asked = question("2.2");
  write(join(asked.directory, "host-local"), "the host's");
  write(join(asked.directory, "tuning"), "the host's");
  const why = (name: string): string =>
    `the host's glibc is 2.2 (/lib64/libc.so.6); ${name} runs on the host and needs glibc ${NEEDS?.glibc} or later`;
  const note = (name: HelperPlan["name"], without: string): HelperPlan => ({
    kind: "leave out",
    name,
    note: `${name} is left out: ${why(name)}. Without it ${without}; ${MEND}`,
  });
  expect(planHelpers(asked)).toEqual([
    { kind: "keep", name: "host-local" },
    note("portmap", "pods have no hostPort; no pod starts while cni_network_config lists portmap"),
    note(
      "bandwidth",
      "pods have no limits of bandwidth; no pod starts while cni_network_config lists bandwidth",
    ),
    note("loopback", "containerd, which brings up the loopback of pods by it, starts none"),
    { kind: "keep", name: "tuning" },
  ]);
});

test("what UPDATE_CNI_BINARIES=true would replace stays where the new one does not run", () => {
  const asked = question("2.2", ["host-local"]);
  write(join(asked.directory, "host-local"), "the host's");
  const [plan] = planHelpers({ ...asked, update: true });
  expect(plan).toMatchObject({
    kind: "leave out",
    note: expect.stringMatching(/^host-local is not replaced: .*; the one that was there stays$/) as string,
  });
});

test("with a glibc that is new enough the host's own loader has the last word", () => {
  expect(refusal(question("9.0"))).toContain(
    `: the host's loader ${LOADER} cannot be started (ENOEXEC); pods`,
  );
});

test("scripts, what is skipped, and hosts of which nothing is seen are not looked at", () => {
  const asked = question("2.2", []);
  for (const name of ["host-local", "portmap"]) write(join(asked.plugins, name), "#!/bin/sh\n");
  const kinds = (changes: Partial<HelperQuestion>, base = asked): string[] =>
    planHelpers({ ...base, ...changes }).map(({ kind, name }) => `${kind} ${name}`);
  const others = ["bandwidth", "loopback", "tuning"].map((name) => `missing ${name}`);
  expect(kinds({})).toEqual(["write host-local", "write portmap", ...others]);
  expect(kinds({ skip: new Set(HELPERS) }, question("2.2"))).toEqual([]);
  expect(kinds({ view: { kind: "hidden" } }, question("2.2"))).toEqual(
    HELPERS.map((name) => `write ${name}`),
  );
});
