import { afterAll, expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Fills a pipe to the brim; gives how many bytes that took. */
function fill(fd: number): number {
  for (let written = 0; ;) {
    try {
      written += writeSync(fd, "x".repeat(4_096));
    } catch {
      return written;
    }
  }
}

const MAIN = new URL("main.ts", import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function tortie(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  argv0: string = process.execPath,
): Ran {
  const done = Bun.spawnSync([process.execPath, MAIN, ...words], { argv0, env });
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() };
}

test.each([["version"], ["--version"], ["-v"]])("%s prints version and commit", (word) => {
  const { code, out, err } = tortie([word]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^tortie \d+\.\d+\.\d+ \(commit source\)\n$/);
});

test.each([["help"], ["--help"], ["-h"]])("%s lists the faces", (word) => {
  const { code, out, err } = tortie([word]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const faces = ["agent", "cni", "explain", "ctl", "demo", "install", "uninstall", "preflight", "health"];
  for (const face of [...faces, "version"]) expect(out).toContain(`tortie ${face}`);
});

const folder = mkdtempSync(join(tmpdir(), "tortie-main-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["is full", `"$@" > /dev/full`, 1, "tortie: cannot write to standard output: ENOSPC\n"],
  ["nobody reads any more", `mkfifo gone; exec 3<>gone 4>gone 3<&-; "$@" >&4`, 0, ""],
])("an output that %s", (_, line, code, err) => {
  const done = Bun.spawnSync(["sh", "-c", line, "sh", process.execPath, MAIN, "version"], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect({ code: done.exitCode, err: done.stderr.toString() }).toEqual({ code, err });
});

test("an output that takes nothing at the moment is waited for", async () => {
  const fifo = join(folder, "full");
  Bun.spawnSync(["mkfifo", fifo]);
  const end = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const filled = fill(end);
  const child = Bun.spawn([process.execPath, MAIN, "version"], { env: {}, stdout: end, stderr: "pipe" });
  const buffer = Buffer.alloc(65_536);
  let text = "";
  while (!text.endsWith("\n")) {
    await Bun.sleep(5);
    try {
      text += buffer.toString("utf8", 0, readSync(end, buffer));
    } catch {
      // Nothing there at this moment.
    }
  }
  closeSync(end);
  expect(await child.exited).toBe(0);
  expect(await child.stderr.text()).toBe("");
  expect(text.slice(filled)).toMatch(/^tortie .*\n$/);
});

test("no word: exit 1 and the list on standard error", () => {
  const { code, out, err } = tortie([]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("tortie agent");
});

test.each(["nothing", "constructor", "bgp", ""])("an unknown word (%p): exit 1 and what there is", (word) => {
  const { code, out, err } = tortie([word]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(
    `tortie: there is no face "${word}" in this version; there are: agent, cni, explain, ctl, demo, install, uninstall, preflight, health, version, help\n`,
  );
});

test.each([
  ["agnt", "agent"],
  ["angent", "agent"],
  ["Agent", "agent"],
  ["ctrl", "ctl"],
  ["explian", "explain"],
  ["--verison", "version"],
  ["get", "tortie ctl get"],
  ["cnii", "cni"],
  ["instal", "install"],
  ["un-install", "uninstall"],
  ["healht", "health"],
  ["pre-flight", "preflight"],
])("%s: exit 1 and %s as what may be meant", (word, meant) => {
  const { code, out, err } = tortie([word, "wep"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(`tortie: there is no face "${word}" in this version; did you mean ${meant}?\n`);
});

test.each([
  ["calicoctl", "calicoctl"],
  ["/usr/bin/kubectl-calico", "kubectl calico"],
])("called as %s it is calicoctl, whatever CNI_COMMAND says", (argv0, program) => {
  const help = tortie(["--help"], { CNI_COMMAND: "ADD" }, argv0);
  expect({ code: help.code, err: help.err }).toEqual({ code: 0, err: "" });
  expect(help.out).toStartWith(`Usage: ${program} [options] <command>\n`);
  expect(tortie(["version"], {}, argv0).out).toMatch(
    /^Client Version: {4}\d+\.\d+\.\d+\nGit commit: {8}source\n$/,
  );
  expect(tortie(["agent"], {}, argv0).code).toBe(1);
});

/** By a link of that name, as runtimes call it. */
const UNKNOWN = { CNI_COMMAND: "SING" };

test.each([
  ["tortie cni", ["cni"], undefined],
  ["calico", [], "/opt/cni/bin/calico"],
  ["tortie without a word", [], "/opt/cni/bin/tortie"],
])("%s with CNI_COMMAND is the plugin", (_, words, argv0) => {
  const { code, out, err } = tortie(words, UNKNOWN, argv0);
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(JSON.parse(out)).toMatchObject({ code: 4, msg: 'CNI_COMMAND is "SING", which is no command' });
});

test("a word counts more than CNI_COMMAND", () => {
  expect(tortie(["version"], UNKNOWN).out).toStartWith("tortie ");
});

test.each(["-v", "--version"])("calico %s prints the version", (word) => {
  const { code, out, err } = tortie([word], {}, "/opt/cni/bin/calico");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^\d+\.\d+\.\d+ \(commit source\)\n$/);
});

test("the plugin needs CNI_COMMAND, and takes no other words", () => {
  const silent = tortie([], {}, "/opt/cni/bin/calico");
  expect(silent.code).toBe(1);
  expect(JSON.parse(silent.out)).toEqual({
    cniVersion: "1.1.0",
    code: 4,
    msg: "CNI_COMMAND is not set",
    details: "every call needs it; container runtimes set it for CNI plugins",
  });
  const { code, out, err } = tortie(["cni", "add"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(
    "tortie cni: unknown argument add; it takes --help and --version only, everything else by variables and standard input\n",
  );
});

test("agent --help lists every variable", () => {
  const { code, out, err } = tortie(["agent", "--help"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("FELIX_NFTWRITER");
});

test("agent: an argument that it does not know: exit 1", () => {
  const { code, out, err } = tortie(["agent", "--port", "1"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toStartWith("tortie agent: unknown argument --port; it takes --config-file and --help only");
});

test("agent: bad variables: exit 1, all of them at once", () => {
  const { code, out, err } = tortie(["agent"], { DATASTORE_TYPE: "etcdv2", FELIX_HEALTHPORT: "x" });
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toBe(
    'tortie agent: DATASTORE_TYPE: found "etcdv2", allowed is one of file, kubernetes (etcdv2: not in this version)\n' +
      'tortie agent: FELIX_HEALTHPORT: found "x", allowed is a whole number from 0 to 65535\n',
  );
});

test("explain without a question: exit 1 and what is missing", () => {
  const { code, out, err } = tortie(["explain"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("--from is missing");
});
