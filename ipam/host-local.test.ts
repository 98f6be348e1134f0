import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkAddresses, type HostLocalCall, leaseAddresses, releaseAddresses } from "./host-local.ts";
import { IpamError } from "./ipam-error.ts";

const directory = mkdtempSync(join(tmpdir(), "tortie-host-local-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Fake {
  readonly call: HostLocalCall;
  readonly path: string;
  /** What it was given, one call after the other. */
  readonly heard: (name: "stdin" | "environment") => string[];
}

let fakes = 0;

/** A host-local that notes what it is given and then runs the script. */
function fake(script: string, call: Partial<HostLocalCall> = {}): Fake {
  const own = join(directory, String(fakes++));
  mkdirSync(own);
  const path = join(own, "host-local");
  const note = `{ cat; echo; } >>${own}/stdin; env | grep -E '^(CNI_|OTHER)' | sort | tr '\\n' ' ' >>${own}/environment; echo >>${own}/environment`;
  writeFileSync(path, `#!/bin/sh\n${note}\n${script}\n`);
  chmodSync(path, 0o755);
  return {
    path,
    call: {
      environment: {
        PATH: process.env["PATH"],
        CNI_COMMAND: "whatever",
        CNI_CONTAINERID: "c1",
        CNI_IFNAME: "eth0",
        CNI_ARGS: "K8S_POD_NAME=a;ignoreunknown=false",
        OTHER: "kept",
      },
      pluginPath: [join(directory, "none"), own],
      configuration: { cniVersion: "1.0.0", name: "net", type: "calico", ipam: { type: "host-local" } },
      ...call,
    },
    heard: (name) => readFileSync(join(own, name), "utf8").trim().split("\n"),
  };
}

const say = (value: unknown): string => `echo '${JSON.stringify(value)}'`;
const fail = (msg: string, details?: string): string => `${say({ code: 999, msg, details })}; exit 1`;
const ADDRESSES = { ips: [{ address: "10.0.0.2/24", gateway: "10.0.0.1" }, { address: "fd00:0::2/64" }] };

async function failure(work: Promise<unknown>): Promise<[string, string]> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof IpamError) return [error.kind, error.message];
  throw error ?? new Error("it did not fail");
}

test("host-local is told everything and answers addresses", async () => {
  const { call, heard } = fake(say(ADDRESSES));
  expect((await leaseAddresses(call)).map(String)).toEqual(["10.0.0.2", "fd00::2"]);
  expect(heard("stdin").map((line) => JSON.parse(line) as unknown)).toEqual([call.configuration]);
  expect(heard("environment")).toEqual([
    `CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=a CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_PATH=${call.pluginPath.join(":")} OTHER=kept `.trim(),
  ]);
});

test.each([
  ["1.1.0", "1.0.0", "1.0.0"],
  ["2.0.0", "1.0.0", "1.0.0"],
  ["1.0.0", "1.0.0", "1.0.0"],
  ["0.4.0", "0.4.0", "0.4.0"],
  ["0.2.0", "0.2.0", "0.3.1"],
  [undefined, "0.1.0", "0.3.1"],
])("version %s is delegated as %s, and as %s where nothing is answered", async (cniVersion, add, others) => {
  const result = { ...ADDRESSES, ip4: { ip: "10.0.0.2/24" } };
  const { call, heard } = fake(say(result), { configuration: { cniVersion, name: "net" } });
  await leaseAddresses(call);
  await releaseAddresses(call);
  await checkAddresses(call);
  const versions = heard("stdin").map((line) => (JSON.parse(line) as { cniVersion: string }).cniVersion);
  expect(versions).toEqual([add, others, others]);
  expect(heard("environment").map((line) => /COMMAND=(\w+)/.exec(line)?.[1])).toEqual([
    "ADD",
    "DEL",
    "CHECK",
  ]);
});

test.each(["0.1.0", "0.2.0"])(
  "a result of %s has an address of each family at the most",
  async (cniVersion) => {
    const { call } = fake(say({ ip4: { ip: "10.0.0.2/24" }, ip6: { ip: "fd00::2/64" } }), {
      configuration: { cniVersion },
    });
    expect((await leaseAddresses(call)).map(String)).toEqual(["10.0.0.2", "fd00::2"]);
  },
);

test("what an ADD that broke off has leased is freed, and leased anew", async () => {
  const told = say({
    code: 999,
    msg: "10.0.0.2 has been allocated to c1, duplicate allocation is not allowed",
  });
  const { call, heard } = fake(
    `case $CNI_COMMAND in DEL) touch $0.freed;; *) [ -e $0.freed ] || { ${told}; exit 1; }; ${say(ADDRESSES)};; esac`,
  );
  expect(await leaseAddresses(call)).toHaveLength(2);
  expect(heard("environment").map((line) => /COMMAND=(\w+)/.exec(line)?.[1])).toEqual(["ADD", "DEL", "ADD"]);
});

test.each([
  ["failed to allocate for range 0: no IP addresses available in range set: 10.0.0.1-10.0.0.2", "full"],
  ["mkdir /leases/net: read-only file system", "io"],
  ["open /leases/net/10.0.0.2: permission denied", "io"],
  ["write /leases/net/10.0.0.2: no space left on device", "io"],
  ["mkdir /dev/null: not a directory", "io"],
  ["host-local: Failed to find address added by container c1", "notLeased"],
  ["invalid CIDR address: 10.0.0.0", "refused"],
])("%s: its words become an error", async (words, kind) => {
  const [found, message] = await failure(leaseAddresses(fake(fail(words)).call));
  expect(found).toBe(kind);
  expect(message).toStartWith(`could not lease addresses: host-local says: ${words}; next: `);
});

test("a host-local that does not know the version is told as that", async () => {
  const words = { code: 1, msg: "incompatible CNI versions", details: 'plugin supports ["0.4.0"]' };
  expect(await failure(checkAddresses(fake(`${say(words)}; exit 1`).call))).toEqual([
    "version",
    'could not find leased addresses: host-local says: incompatible CNI versions: plugin supports ["0.4.0"]; next: install a newer host-local, or set cniVersion in the network\'s configuration lower',
  ]);
});

test("a host-local that is not there, or is none, is told with where it was looked for", async () => {
  const { call, path } = fake("");
  const next =
    "install it there: Debian's package containernetworking-plugins has it, and tortie install copies it";
  expect(await failure(leaseAddresses({ ...call, pluginPath: [] }))).toEqual([
    "missingBinary",
    `could not find the plugin host-local: CNI_PATH names no directory; next: ${next}`,
  ]);
  expect(await failure(leaseAddresses({ ...call, pluginPath: ["/nowhere", "/proc"] }))).toEqual([
    "missingBinary",
    `could not find the plugin host-local: none in /nowhere, /proc; next: ${next}`,
  ]);
  chmodSync(path, 0o644);
  expect((await failure(leaseAddresses(call)))[1]).toContain(`; ${path} cannot be used (EACCES); next: `);
  chmodSync(path, 0o755);
  writeFileSync(path, "\u007fELF");
  const [kind, message] = await failure(leaseAddresses(call));
  expect([kind, message]).toEqual(["missingBinary", expect.stringContaining(`could not start ${path}: `)]);
});

test("a host-local that hangs is killed", async () => {
  const { call, path } = fake("echo $$ >$0.pid; exec sleep 1000", { deadline: 300 });
  const [kind, message] = await failure(leaseAddresses(call));
  expect([kind, message]).toEqual([
    "hung",
    expect.stringContaining(`could not lease addresses: ${path} did not end within 0.3 s and was killed`),
  ]);
  const pid = Number(readFileSync(`${path}.pid`, "utf8"));
  while (isRunning(pid)) await Bun.sleep(1);
});

/** A process that has ended may not have been waited for yet. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("output that other hands keep open holds nobody up", async () => {
  const { call, path } = fake("sleep 1000 & echo $! >$0.pid; exit 0", { deadline: 300 });
  expect((await failure(leaseAddresses(call)))[0]).toBe("hung");
  process.kill(Number(readFileSync(`${path}.pid`, "utf8")), "SIGKILL");
});

test.each([
  ["kill -9 $$", "signal SIGKILL and no answer; next: "],
  ["echo 'runtime: out of memory' >&2; exit 2", "status 2 and no answer: runtime: out of memory; next: "],
  ["echo rubbish; exit 1", "status 1 and no answer: rubbish; next: "],
])("%s: it died", async (script, words) => {
  const [kind, message] = await failure(releaseAddresses(fake(script).call));
  expect([kind, message]).toEqual(["died", expect.stringContaining(`host-local ended with ${words}`)]);
});

test.each([
  ["", "answered nothing, which"],
  ["echo rubbish", 'answered "rubbish", which'],
  [say({ ips: [] }), String.raw`answered "{\"ips\":[]}", which`],
  [say({ ips: [{ address: "10.0.0" }] }), "which is no result of version 1.0.0 with an address"],
])("%s: that is no answer", async (script, words) => {
  const [kind, message] = await failure(leaseAddresses(fake(script).call));
  expect([kind, message]).toEqual(["garbled", expect.stringContaining(words)]);
});

test("words without end are cut off", async () => {
  const [kind] = await failure(leaseAddresses(fake("exec yes", { deadline: 60_000 }).call));
  expect(kind).toBe("died");
});
