import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createLab, type Lab, type LabFlow } from "../../../demo/lab/lab.ts";
import { askHealth, until } from "../../agent/running-agent.ts";
import { nftOrThrow } from "../../netns/nft-command.ts";
import { startSystemdHost, type SystemdHost } from "../systemd-host.ts";
import { installUnit, writeSettings } from "../systemd-tortie.ts";

// deploy/systemd on a host that systemd has booted, with the two workloads of examples/host.
const PODS = [
  { namespace: "shop", name: "web", ipv4: "10.66.0.1", ipv6: "fd00:66::1" },
  { namespace: "shop", name: "database", ipv4: "10.66.0.2", ipv6: "fd00:66::2" },
];
const FLOW = { from: "shop/web", to: "shop/database", protocol: "TCP", port: 5432, family: 4 } as const;
const FLOWS: readonly LabFlow[] = [
  FLOW,
  { ...FLOW, family: 6 },
  { ...FLOW, port: 5433 },
  { ...FLOW, from: "outside" },
];
const POLICY = [true, true, false, false];
const OPEN = [true, true, true, true];
const FILE = { DATASTORE_TYPE: "file", DATASTORE_PATH: "/etc/tortie/manifests" };
const PAGE = new URL("../../../docs/install.md", import.meta.url);

const disk = mkdtempSync(join(tmpdir(), "tortie-disk-"));
let lab: Lab;
let host: SystemdHost;
beforeAll(async () => {
  lab = createLab({ pods: PODS });
  host = await startSystemdHost({ network: lab.node.network, disk });
  await installUnit(host);
}, 60_000);
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  lab[Symbol.dispose]();
  rmSync(disk, { recursive: true });
});

const ready = (): Promise<void> =>
  until(async () => (await askHealth(lab.node.network, "/readiness"))?.status === 200);
const mainPid = (): Promise<string> => host.property("tortie", "MainPID");
const journal = (): Promise<string> =>
  host.run("journalctl", "--unit=tortie", "--output=cat", "--no-pager", "--boot");

/** Does it while flows are tried without a pause; gives what was seen other than what policy says. */
async function whileProbing(work: () => Promise<void>): Promise<boolean[][]> {
  const others: boolean[][] = [];
  const working = work();
  for (let ended = false; !ended;) {
    ended = Bun.peek.status(working) !== "pending";
    const seen = await lab.probe(FLOWS);
    if (!Bun.deepEquals(seen, POLICY)) others.push(seen);
  }
  await working;
  return others;
}

test("systemd knows every line of the unit, and what is left open is what the page says", async () => {
  expect(await host.run("systemd-analyze", "verify", "tortie.service", "tortie-ready.service")).toBe("");
  const said = await host.run(
    "systemd-analyze",
    "security",
    "--offline=true",
    "--no-pager",
    "tortie.service",
  );
  const [, exposure] = /Overall exposure level for tortie\.service: (\S+)/.exec(said) ?? [];
  const [, told] =
    /`systemd-analyze security tortie` gives it (\S+) of 10/.exec(await Bun.file(PAGE).text()) ?? [];
  expect(told).toBeDefined();
  expect(exposure).toBe(told);
});

test("the unit as it is shipped puts policies into force", async () => {
  expect(await lab.probe(FLOWS)).toEqual(OPEN);
  await host.run("systemctl", "enable", "--now", "tortie");
  await ready();
  expect(await lab.probe(FLOWS)).toEqual(POLICY);
  expect(await host.run("systemctl", "status", "--no-pager", "tortie")).toContain("Active: active (running)");
  const lines = (await journal()).split("\n").filter((line) => line.startsWith("{"));
  expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toContain("settled");
});

test("it is root with one capability, and sees a host that it cannot write to", async () => {
  const pid = await mainPid();
  const status = readFileSync(join(host.root, "proc", pid, "status"), "utf8");
  const CAP_NET_ADMIN = "0000000000001000";
  for (const set of ["CapPrm", "CapEff", "CapBnd"]) expect(status).toContain(`${set}:\t${CAP_NET_ADMIN}\n`);
  expect(status).toContain("NoNewPrivs:\t1\n");
  expect(status).toContain("Seccomp:\t2\n");
  // That it has begun itself anew did not cost it the sandbox, or systemd its sight of it.
  const environment = readFileSync(join(host.root, "proc", pid, "environ"), "utf8");
  expect(environment).toContain("BUN_JSC_forceRAMSize=");
  const inside = (command: string): Promise<string> =>
    host.script(`nsenter -t ${pid} -m sh -c '${command}' 2>&1 || true`);
  expect(await inside("touch /etc/mark")).toContain("Read-only file system");
  expect(await inside("touch /run/mark")).toContain("Read-only file system");
  expect(await inside("echo 0 > /proc/sys/net/ipv4/ip_forward")).toContain("Read-only file system");
  expect(await inside("ls -A /root /home /tmp | grep -v : | tr -d [:space:]")).toBe("");
  expect(await inside("touch /run/tortie/mark /var/lib/calico/mark")).toBe("");
});

test("new settings come by a restart, which no packet notices", async () => {
  const before = await mainPid();
  writeSettings(host, {
    ...FILE,
    FELIX_LOGSEVERITYSCREEN: "debug",
    BUN_BE_BUN: "1",
    BUN_OPTIONS: "--preload=/x",
  });
  const others = await whileProbing(async () => {
    await host.run("systemctl", "restart", "tortie");
    await ready();
  });
  expect(others).toEqual([]);
  const after = await mainPid();
  expect(after).not.toBe(before);
  const environment = readFileSync(join(host.root, "proc", after, "environ"), "utf8");
  expect(environment).toContain("FELIX_LOGSEVERITYSCREEN=debug");
  expect(environment).not.toContain("BUN_BE_BUN");
  expect(environment).not.toContain("BUN_OPTIONS");
});

test("an agent that is killed comes back by itself, and no packet notices", async () => {
  const before = await mainPid();
  const others = await whileProbing(async () => {
    await host.run("systemctl", "kill", "--signal=KILL", "tortie");
    await until(async () => (await host.property("tortie", "NRestarts")) === "1");
    await ready();
  });
  expect(others).toEqual([]);
  expect(await mainPid()).not.toBe(before);
});

test("an agent that hangs is started anew, and no packet notices", async () => {
  const shorter = join(host.root, "run/systemd/system/tortie.service.d/shorter.conf");
  mkdirSync(dirname(shorter), { recursive: true });
  writeFileSync(shorter, "[Service]\nWatchdogSec=1\n");
  await host.run("systemctl", "daemon-reload");
  await host.run("systemctl", "restart", "tortie");
  const hanging = await mainPid();
  const others = await whileProbing(async () => {
    await host.run("kill", "-STOP", hanging);
    await until(async () => (await mainPid()) !== hanging && (await mainPid()) !== "0");
    await ready();
  });
  expect(others).toEqual([]);
  expect(await journal()).toContain("Watchdog timeout");
  rmSync(dirname(shorter), { recursive: true });
  await host.run("systemctl", "daemon-reload");
});

test("settings that it cannot take are named in the journal and tried again, while the rules stay", async () => {
  writeSettings(host, { ...FILE, FELIX_HEALTHPORT: "many" });
  const tried = host.run("systemctl", "restart", "tortie");
  expect(await tried.catch(String)).toContain("Job for tortie.service failed");
  const restarts = async (): Promise<number> => Number(await host.property("tortie", "NRestarts"));
  await until(async () => (await restarts()) > 1);
  expect(await journal()).toContain("FELIX_HEALTHPORT");
  expect(await lab.probe(FLOWS)).toEqual(POLICY);
  writeSettings(host, FILE);
  await ready();
});

test("a host that stops the agent keeps rules and records, and one that is rebooted has both again", async () => {
  await host.run("systemctl", "stop", "tortie");
  expect(await host.property("tortie", "Result")).toBe("success");
  expect(existsSync(join(host.root, "run/tortie/mark"))).toBe(true);
  expect(await lab.probe(FLOWS)).toEqual(POLICY);

  await host[Symbol.asyncDispose]();
  lab[Symbol.dispose]();
  lab = createLab({ pods: PODS });
  host = await startSystemdHost({ network: lab.node.network, disk });
  await ready();
  expect(await lab.probe(FLOWS)).toEqual(POLICY);
  expect(existsSync(join(host.root, "run/tortie/mark"))).toBe(false);
});

test("taken off again it leaves nothing", async () => {
  await host.run("systemctl", "disable", "--now", "tortie");
  await host.run("tortie", "uninstall");
  await host.script(
    "rm -r /etc/systemd/system/tortie.service /etc/tortie /usr/local/bin/tortie; systemctl daemon-reload",
  );
  expect(nftOrThrow(lab.node.network, ["list", "tables"])).toBe("");
  expect(existsSync(join(host.root, "run/tortie"))).toBe(false);
  expect(await host.property("tortie", "LoadState")).toBe("not-found");
  expect(await lab.probe(FLOWS)).toEqual(OPEN);
});
