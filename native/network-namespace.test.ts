import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { NetworkNamespace } from "./network-namespace.ts";
import { NetworkNamespaceError } from "./network-namespace-error.ts";
import { openDescriptors, openedSince } from "../test/open-descriptors.ts";

const here = (): string => readlinkSync("/proc/thread-self/ns/net");

const ip = (...words: string[]): string => Bun.spawnSync(["ip", ...words]).stdout.toString();

test("run enters, and returns home after success, a throw and nesting", () => {
  using outer = NetworkNamespace.create();
  using inner = NetworkNamespace.create();
  const home = here();
  const seen = outer.run(() => [here(), inner.run(here), here()]);
  expect(new Set([home, ...seen]).size).toBe(3);
  expect(seen[0]).toBe(seen[2] ?? "");
  expect(() =>
    outer.run(() => {
      throw new Error("on purpose");
    }),
  ).toThrow("on purpose");
  expect(here()).toBe(home);
});

test("path lets another process move links in; children begun inside are inside", () => {
  using outer = NetworkNamespace.create();
  using inner = NetworkNamespace.create();
  outer.run(() => ip("link", "add", "one", "type", "veth", "peer", "name", "two", "netns", inner.path));
  expect(outer.run(() => ip("-o", "link"))).toContain("one@");
  expect(inner.run(() => ip("-o", "link"))).toContain("two@");
});

test("a closed namespace refuses to run and can be closed again", () => {
  const namespace = NetworkNamespace.create();
  namespace[Symbol.dispose]();
  namespace[Symbol.dispose]();
  expect(() => namespace.run(here)).toThrow("closed");
});

test("open finds a namespace by its path, and tells its own from others", () => {
  using made = NetworkNamespace.create();
  using found = NetworkNamespace.open(made.path);
  expect(found.run(here)).toBe(made.run(here));
  expect([made.isCurrent(), found.run(() => found.isCurrent())]).toEqual([false, true]);
  using own = NetworkNamespace.open("/proc/self/ns/net");
  expect(own.isCurrent()).toBe(true);
});

test("open takes a namespace that is mounted at a path, as runtimes keep them, and no other mount", () => {
  const directory = mkdtempSync(join(tmpdir(), "tortie-namespace-"));
  const paths = ["mounted", "other", "file"].map((name) => join(directory, name));
  for (const path of paths) writeFileSync(path, "");
  const script = `
    const { NetworkNamespace } = await import(${JSON.stringify(join(import.meta.dir, "network-namespace.ts"))});
    const { readlinkSync } = await import("node:fs");
    const said = process.argv.slice(1).map((path) => {
      try {
        return NetworkNamespace.open(path).run(() => readlinkSync("/proc/thread-self/ns/net"));
      } catch (error) {
        return error.kind;
      }
    });
    process.stdout.write(said.join(" "));
  `;
  const mount =
    'mount --bind /proc/self/ns/net "$1" && mount --bind /proc/self/ns/uts "$2" && mount --bind /etc/passwd "$3" && ' +
    'exec "$0" -e "$4" "$1" "$2" "$3"';
  try {
    const words = ["unshare", "--mount", "--", "sh", "-c", mount, process.execPath, ...paths, script];
    const { stdout, stderr } = Bun.spawnSync(words);
    expect(stderr.toString()).toBe("");
    expect(stdout.toString()).toBe(`${here()} noNamespace noNamespace`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** What `open` says of a path. */
function refusal(path: string): Pick<NetworkNamespaceError, "kind" | "message"> {
  try {
    using found = NetworkNamespace.open(path);
    throw new Error(`opened as descriptor ${found.fd}`);
  } catch (error) {
    if (!(error instanceof NetworkNamespaceError)) throw error;
    return { kind: error.kind, message: error.message };
  }
}

test("open says what is there instead of a network namespace, and leaves no descriptor behind", () => {
  const directory = mkdtempSync(join(tmpdir(), "tortie-namespace-"));
  const pipe = join(directory, "pipe");
  const file = join(directory, "file");
  try {
    Bun.spawnSync(["mkfifo", pipe]);
    writeFileSync(file, "");
    const before = openDescriptors();
    for (const path of [file, pipe, directory, "/dev/null", "/proc/self/ns/mnt", "/proc/self/ns/pid"])
      expect(refusal(path)).toEqual({
        kind: "noNamespace",
        message:
          `could not open the network namespace "${path}": what is there is no network namespace; ` +
          "give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net",
      });
    for (const [path, symbol] of [
      [join(directory, "gone"), "ENOENT"],
      ["", "ENOENT"],
      [join(file, "inside"), "ENOTDIR"],
    ] as const)
      expect(refusal(path)).toEqual({
        kind: "absent",
        message:
          `could not open the network namespace "${path}": there is nothing at this path (${symbol}); ` +
          "whoever made it has taken it away: the sandbox is gone, or the path is wrong",
      });
    expect(openedSince(before)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
