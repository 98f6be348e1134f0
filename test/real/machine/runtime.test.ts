import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ip } from "../../netns/other-cni/commands.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { until } from "../../agent/running-agent.ts";
import { installPlugins, writeNetwork } from "../cni-files.ts";
import { type Containerd, startContainerd } from "../containerd.ts";
import type { SandboxPod } from "../cri.ts";
import { type Machine, startMachine } from "../machine.ts";
import { program } from "../programs.ts";

// The harness itself, with plugins of others: a runtime runs pods, and leaves nothing.
const RANGES = [[{ subnet: "10.88.0.0/24" }], [{ subnet: "fd00:88::/64" }]];
const ROUTES = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];
const PTP = { type: "ptp", ipam: { type: "host-local", ranges: RANGES, routes: ROUTES } };
const POD: SandboxPod = { namespace: "shop", name: "web", uid: "3c1e4d0e-9d3b-4f0e-8f2a-6d1f0a9b7c11" };

/** Writes down how it is called, and calls ptp. */
const SPY =
  '#!/bin/sh\nenv | grep ^CNI_ | sort | tr "\\n" " " >>/run/calls\necho >>/run/calls\nexec /opt/cni/bin/ptp\n';

function network(type: string): unknown {
  return { cniVersion: "1.0.0", name: "k8s-pod-network", plugins: [{ ...PTP, type }] };
}

function addSpy(machine: Machine): void {
  const path = join(machine.root, "opt/cni/bin/spy");
  writeFileSync(path, SPY);
  chmodSync(path, 0o755);
}

const calls = async (machine: Machine): Promise<string[]> => {
  const path = join(machine.root, "run/calls");
  const text = await Bun.file(path).text();
  return text.split("\n").filter((line) => line !== "");
};

const veths = (machine: Machine): number =>
  ip(machine.network, "link show type veth").match(/^\d+: /gm)?.length ?? 0;
const leases = (machine: Machine): string[] => {
  const path = join(machine.root, "var/lib/cni/networks/k8s-pod-network");
  return existsSync(path) ? readdirSync(path).filter((name) => /^(10\.|fd)/.test(name)) : [];
};

/** Dead ones are there until init, or who else adopted them, has buried them. */
function lives(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !readFileSync(path, "utf8").includes(") Z ");
}

let machine: Machine;
let containerd: Containerd;
beforeAll(async () => {
  machine = await startMachine();
  installPlugins(machine, ["ptp", "host-local", "loopback"]);
  containerd = await startContainerd(machine);
}, 60_000);
afterAll(() => machine[Symbol.asyncDispose]());

test("the network is ready as soon as there is a configuration", async () => {
  const before = await containerd.cri.networkReady();
  expect(before.ready).toBe(false);
  expect(before.message).toContain("cni plugin not initialized");
  addSpy(machine);
  writeNetwork(machine, network("spy"));
  await until(async () => (await containerd.cri.networkReady()).ready);
});

test("ctr runs a container through the plugins", async () => {
  const out = await containerd.run("once", ["ip", "-o", "address", "show", "dev", "eth0"]);
  expect(out).toContain("inet 10.88.0.2/24");
  expect(out).toContain("inet6 fd00:88::2/64");
  expect(veths(machine)).toBe(0);
  expect(leases(machine)).toEqual([]);
  const [add, del] = await calls(machine);
  expect(add).toContain("CNI_COMMAND=ADD CNI_CONTAINERID=k8s.io-once CNI_IFNAME=eth0 CNI_NETNS=/proc/");
  expect(del).toContain("CNI_COMMAND=DEL CNI_CONTAINERID=k8s.io-once CNI_IFNAME=eth0 CNI_NETNS= ");
});

test("the CRI runs a pod and takes it away", async () => {
  const { cri } = containerd;
  const sandbox = await cri.runPodSandbox(POD);
  const status = await cri.podSandboxStatus(sandbox);
  expect(status).toMatchObject({ ready: true, addresses: ["10.88.0.3", "fd00:88::3"] });
  using inside = NetworkNamespace.open(`/proc/${status.pid}/ns/net`);
  expect(ip(inside, "address show dev eth0")).toContain("10.88.0.3/24");
  const container = await cri.createContainer(sandbox, POD);
  expect((await cri.containerStatus(container)).state).toBe("created");
  await cri.startContainer(container);
  expect((await cri.containerStatus(container)).state).toBe("running");
  expect(await cri.exec(container, ["hostname"])).toEqual({ exitCode: 0, out: "web\n", err: "" });
  expect((await cri.exec(container, ["sh", "-c", "echo no >&2; exit 3"])).exitCode).toBe(3);
  await machine.run([program("busybox"), "ping", "-c", "1", "-W", "5", "10.88.0.3"]);

  const done = await cri.createContainer(sandbox, POD, { name: "done", command: ["sh", "-c", "exit 7"] });
  await cri.startContainer(done);
  await until(async () => (await cri.containerStatus(done)).state === "exited");
  expect((await cri.containerStatus(done)).exitCode).toBe(7);

  await cri.stopContainer(container, 5);
  await cri.stopPodSandbox(sandbox);
  expect(await cri.podSandboxStatus(sandbox)).toMatchObject({ ready: false, pid: 0 });
  expect(veths(machine)).toBe(0);
  expect(leases(machine)).toEqual([]);
  await cri.removePodSandbox(sandbox);
  expect(await cri.listPodSandboxes()).toEqual([]);
  const gone = await cri.podSandboxStatus(sandbox).catch((error: unknown) => error);
  expect(gone).toMatchObject({ name: "GrpcError", code: 5 });
});

test("the runtime tells the plugin which pod it is", async () => {
  const add = (await calls(machine)).find(
    (call) => call.includes("CNI_COMMAND=ADD") && call.includes("K8S_POD_NAME=web"),
  );
  expect(add).toContain(`K8S_POD_UID=${POD.uid}`);
  expect(add).toContain("K8S_POD_NAMESPACE=shop");
  expect(add).toContain("IgnoreUnknown=1");
  expect(add).toMatch(/CNI_NETNS=\/var\/run\/netns\/cni-[0-9a-f-]+ /);
});

test("what a plugin complains about is the error of RunPodSandbox", async () => {
  writeFileSync(
    join(machine.root, "opt/cni/bin/refusing"),
    `#!/bin/sh\n[ "$CNI_COMMAND" = DEL ] && exit 0\necho '{"cniVersion":"1.0.0","code":11,"msg":"try again later"}'\nexit 1\n`,
    { mode: 0o755 },
  );
  writeNetwork(machine, network("refusing"));
  const said = async (): Promise<string> => {
    const made = await containerd.cri.runPodSandbox(POD).catch((error: unknown) => String(error));
    if (/^[0-9a-f]{64}$/.test(made)) await containerd.cri.removePodSandbox(made);
    return made;
  };
  await until(async () => (await said()).includes('plugin type="refusing" failed (add): try again later'));
  writeNetwork(machine, network("ptp"));
  await until(async () => /^[0-9a-f]{64}$/.test(await said()));
  expect(await containerd.cri.listPodSandboxes()).toEqual([]);
});

test("a port of the machine leads to the pod through the chained portmap, and to nobody after it", async () => {
  const { cri } = containerd;
  await machine.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"]);
  installPlugins(machine, ["portmap"]);
  const portmap = { type: "portmap", capabilities: { portMappings: true }, snat: true };
  writeNetwork(machine, { cniVersion: "1.0.0", name: "k8s-pod-network", plugins: [PTP, portmap] });
  const pod: SandboxPod = { ...POD, ports: [{ protocol: "TCP", containerPort: 80, hostPort: 8080 }] };
  const rules = () => machine.run([program("iptables"), "-t", "nat", "-S"]);
  for (;;) {
    const sandbox = await cri.runPodSandbox(pod);
    const mapped = (await rules()).includes("--dport 8080");
    if (mapped) {
      const serve = ["nc", "-l", "-p", "80", "-e", "echo", "it is me"];
      const container = await cri.createContainer(sandbox, pod, { command: serve });
      await cri.startContainer(container);
      const ask = [program("busybox"), "nc", "-w", "1", "192.0.2.1", "8080"];
      await until(async () => (await machine.run(ask).catch(() => "")) === "it is me\n");
    }
    await cri.stopPodSandbox(sandbox);
    await cri.removePodSandbox(sandbox);
    // Not yet, where the runtime has not noticed the change.
    if (mapped) break;
  }
  expect(await rules()).not.toContain("8080");
});

test("a runtime that is killed finds its pods again", async () => {
  const sandbox = await containerd.cri.runPodSandbox(POD);
  await containerd.server.kill();
  containerd.server.start();
  await containerd.ready();
  expect((await containerd.cri.podSandboxStatus(sandbox)).ready).toBe(true);
  await containerd.cri.stopPodSandbox(sandbox);
  await containerd.cri.removePodSandbox(sandbox);
  expect(leases(machine)).toEqual([]);
});

test("a machine that ends leaves no process, and a disk that another goes on with", async () => {
  const disk = mkdtempSync(join(tmpdir(), "tortie-disk-"));
  const bootIds: string[] = [];
  try {
    let first = true;
    for (const _ of [1, 2]) {
      await using one = await startMachine({ disk });
      bootIds.push(await one.run(["cat", "/proc/sys/kernel/random/boot_id"]));
      installPlugins(one, ["ptp", "host-local", "loopback"]);
      const runtime = await startContainerd(one);
      if (first) {
        writeNetwork(one, network("ptp"));
        await until(async () => (await runtime.cri.networkReady()).ready);
        await runtime.cri.runPodSandbox(POD);
        expect(leases(one)).toHaveLength(2);
        writeFileSync(join(one.root, "run/mark"), "");
      }
      // After a reboot: the leases and the configuration are there, the pod and what was in /run are not.
      expect(leases(one)).toHaveLength(2);
      expect(existsSync(join(one.root, "run/mark"))).toBe(first);
      expect(veths(one)).toBe(first ? 1 : 0);
      const processes = one.processes();
      expect(processes.length).toBeGreaterThan(first ? 2 : 0);
      await one[Symbol.asyncDispose]();
      expect(processes.filter(lives)).toEqual([]);
      first = false;
    }
  } finally {
    rmSync(disk, { recursive: true, force: true });
  }
  expect(bootIds[0]).not.toBe(bootIds[1] ?? "");
});

test("a machine whose test is killed leaves nothing either", async () => {
  const source = new URL("../machine.ts", import.meta.url).pathname;
  const script = `
    const { startMachine } = await import(${JSON.stringify(source)});
    const machine = await startMachine();
    machine.server("sleep", ["setsid", "sleep", "1000"]).start();
    while (machine.processes().length === 0) await Bun.sleep(1);
    process.stdout.write(JSON.stringify({ directory: machine.directory, processes: machine.processes() }) + "\\n");
    await new Promise(() => undefined);
  `;
  const child = Bun.spawn(["setpriv", "--pdeathsig", "KILL", "--", process.execPath, "-e", script], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const part of child.stdout) {
    text += new TextDecoder().decode(part);
    if (text.endsWith("\n")) break;
  }
  const { directory, processes } = JSON.parse(text) as { directory: string; processes: number[] };
  expect(existsSync(directory)).toBe(true);
  expect(processes.length).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await until(() => !existsSync(directory));
  expect(processes.filter(lives)).toEqual([]);
});
