import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { readRecord } from "../../handshake/record-files.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { until } from "../agent/running-agent.ts";
import { type CallOptions, CniNode, type Container } from "./cni/cni-node.ts";

const done = { exitCode: 0, output: undefined, complaint: "" };

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

/** A host-local that leases nothing before it is let go. */
interface SlowHelper {
  readonly options: CallOptions;
  /** Once ADD has started it. */
  begun(): Promise<void>;
  letGo(): void;
}

function slowHelper(node: CniNode): SlowHelper {
  const directory = mkdtempSync(join(tmpdir(), "tortie-slow-"));
  opened.defer(() => rmSync(directory, { recursive: true, force: true }));
  const [begun, go] = [join(directory, "begun"), join(directory, "go")];
  const wait = `if [ "$CNI_COMMAND" = ADD ]; then : >${begun}; until [ -e ${go} ] || [ ! -d ${directory} ]; do sleep 0.01; done; fi`;
  const path = join(directory, "host-local");
  writeFileSync(path, `#!/bin/sh\n${wait}\nexec ${join(node.pluginPath, "host-local")}\n`);
  chmodSync(path, 0o755);
  return {
    options: { environment: { CNI_PATH: directory } },
    begun: () => until(() => existsSync(begun)),
    letGo: () => writeFileSync(go, ""),
  };
}

/** Once a DEL waits for whoever works for the container. */
function evicting({ paths }: CniNode, { id }: Container): Promise<void> {
  return until(() => (statSync(join(paths.locks, id), { throwIfNoEntry: false })?.size ?? 0) > 0);
}

async function killedWhileLeasing(node: CniNode, helper: SlowHelper, container: Container): Promise<void> {
  let plugin: Bun.Subprocess | undefined;
  const adding = node.call("ADD", container, { ...helper.options, onStart: (child) => (plugin = child) });
  await helper.begun();
  plugin?.kill("SIGKILL");
  expect((await adding).exitCode).toBe(137);
}

test("ADD killed while host-local works, DEL at once: it waits for host-local, and nothing is left", async () => {
  using node = new CniNode();
  const helper = slowHelper(node);
  const container = node.container("c-a");
  await killedWhileLeasing(node, helper, container);
  const deleting = node.call("DEL", container, helper.options);
  await evicting(node, container);
  expect(node.traces()).toContain("record c-a.json");
  helper.letGo();
  expect(await deleting).toEqual(done);
  expect(node.traces()).toEqual([]);
});

test("ADD killed while host-local works, ADD once more: one address is leased", async () => {
  using node = new CniNode();
  const helper = slowHelper(node);
  const container = node.container("c-a");
  await killedWhileLeasing(node, helper, container);
  const adding = node.call("ADD", container, helper.options);
  helper.letGo();
  expect((await adding).exitCode).toBe(0);
  expect(node.traces().filter((trace) => trace.startsWith("lease"))).toHaveLength(1);
  expect(await node.call("DEL", container)).toEqual(done);
  expect(node.traces()).toEqual([]);
});

/** Once the process has the container's lock open. */
function waiting({ paths }: CniNode, { id }: Container, { pid }: Bun.Subprocess): Promise<void> {
  const isLock = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === join(paths.locks, id);
    } catch {
      // It has been closed.
      return false;
    }
  };
  return until(() => readdirSync(`/proc/${pid}/fd`).some(isLock));
}

test("two ADDs of a container at once: it has the address that is leased for it, and no other", async () => {
  using node = new CniNode();
  const helper = slowHelper(node);
  const container = node.container("c-a");
  const first = node.call("ADD", container, helper.options);
  await helper.begun();
  const { promise: started, resolve: onStart } = Promise.withResolvers<Bun.Subprocess>();
  const second = node.call("ADD", container, { onStart });
  await waiting(node, container, await started);
  helper.letGo();
  expect([(await first).exitCode, (await second).exitCode]).toEqual([0, 0]);
  const stored = readRecord(node.paths, "c-a");
  const [address = ""] = stored.kind === "record" ? stored.record.addresses : [];
  const name = podInterfaceName("x", "c-a");
  const wired = [`lease ${address}`, `link ${name}`, "record c-a.json", `route ${address} dev ${name}`];
  expect(node.traces()).toEqual(wired);
  expect(await node.call("DEL", container)).toEqual(done);
  expect(node.traces()).toEqual([]);
});

test("DEL while ADD waits for the agent: ADD gives up, and nothing is left", async () => {
  using node = new CniNode();
  node.answer = ({ kind }) => (kind === "add" ? { kind: "waiting", for: "the API server" } : undefined);
  const container = node.container("c-a");
  const { promise: waits, resolve } = Promise.withResolvers<void>();
  node.onRequest("add", resolve);
  const adding = node.call("ADD", container);
  await waits;
  expect(await node.call("DEL", container)).toEqual(done);
  expect(node.traces()).toEqual([]);
  expect((await adding).output).toMatchObject({
    code: 11,
    msg: "the plugin was told to stop before the agent was ready",
  });
  expect({ traces: node.traces(), interfaces: node.interfaces(container) }).toEqual({
    traces: [],
    interfaces: [],
  });
});

test("GC while ADD is under way leaves its container alone", async () => {
  using node = new CniNode();
  const helper = slowHelper(node);
  const container = node.container("c-a");
  const adding = node.call("ADD", container, helper.options);
  await helper.begun();
  const list = { network: { "cni.dev/valid-attachments": [] } };
  expect(await node.call("GC", undefined, list)).toEqual(done);
  helper.letGo();
  expect((await adding).exitCode).toBe(0);
  const name = podInterfaceName("x", "c-a");
  const wired = ["lease 10.1.0.2", `link ${name}`, "record c-a.json", `route 10.1.0.2 dev ${name}`];
  expect(node.traces()).toEqual(wired);
  expect(await node.call("GC", undefined, list)).toEqual(done);
  expect(node.traces()).toEqual([]);
});

test("a lock of the leases that somebody keeps: the plugin ends when it is told to, and leaves nothing", async () => {
  using node = new CniNode();
  const [a, b] = [node.container("c-a"), node.container("c-b")];
  expect((await node.call("ADD", a)).exitCode).toBe(0);
  const lock = join(node.leases, "k8s-pod-network", "lock");
  const keeper = Bun.spawn(["flock", "--no-fork", lock, "sleep", "infinity"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const isKept = (): boolean => Bun.spawnSync(["flock", "--nonblock", lock, "true"]).exitCode !== 0;
  await until(isKept);
  // As after a boot: leases are looked through before the first one.
  rmSync(node.paths.bootMark);
  let plugin: Bun.Subprocess | undefined;
  const adding = node.call("ADD", b, { onStart: (child) => (plugin = child) });
  await until(() => readRecord(node.paths, "c-b").kind === "record");
  plugin?.kill("SIGTERM");
  const { output } = await adding;
  keeper.kill("SIGKILL");
  expect(output).toMatchObject({
    code: 11,
    msg: `could not lock the leases in ${join(node.leases, "k8s-pod-network")}: another process holds the lock ${lock}, and the plugin was told to stop`,
  });
  expect(node.traces().filter((trace) => trace.includes("c-b"))).toEqual([]);
});
