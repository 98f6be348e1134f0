import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Enforcer, ENFORCERS } from "../../dataplane/preflight/enforcers.ts";
import { openHostReader } from "../../dataplane/preflight/read-host.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ip, setSysctl } from "./other-cni/commands.ts";
import { nftOrThrow } from "./nft-command.ts";

/** A chain that drops, and its table if there is none. */
function addChain(namespace: NetworkNamespace, family: string, table: string, chain: string): void {
  const lines = [
    `add table ${family} ${table}`,
    `add chain ${family} ${table} ${chain}`,
    `add rule ${family} ${table} ${chain} drop`,
  ];
  nftOrThrow(namespace, ["-f", "-"], lines.join("\n"));
}

/** Makes each trace of an enforcer that a namespace can hold. */
function leaveTraces(namespace: NetworkNamespace, enforcer: Enforcer): string[] {
  const expected: string[] = [];
  for (const { family, table } of enforcer.tables ?? []) {
    addChain(namespace, family, table, "some");
    expected.push(`nftables table ${family} ${table}`);
  }
  for (const chain of enforcer.chains ?? []) {
    for (const [family, program] of [
      ["ip", "iptables"],
      ["ip6", "ip6tables"],
    ] as const) {
      addChain(namespace, family, "filter", chain);
      expected.push(`${program} chain ${chain}`);
    }
  }
  for (const name of enforcer.interfaces ?? []) {
    ip(namespace, `link add ${name} type bridge`);
    expected.push(`interface ${name}`);
  }
  return expected;
}

test.each(
  ENFORCERS.filter(({ directories }) => directories === undefined).map((one) => [one.name, one] as const),
)("%s is found by each of its traces", (name, enforcer) => {
  using namespace = NetworkNamespace.create();
  using reader = namespace.run(() => openHostReader());
  const read = () => namespace.run(() => reader.read([]));
  expect(read().traces).toEqual([]);
  const expected = leaveTraces(namespace, enforcer);
  expect(expected.length).toBeGreaterThan(0);
  expect(read().traces).toEqual(expected.map((trace) => ({ enforcer: name, trace })));
});

test("programs in a directory are a trace, the empty directory and the missing one are none", () => {
  const directory = mkdtempSync(join(tmpdir(), "tortie-"));
  try {
    const enforcers = [{ name: "one by programs", directories: [join(directory, "missing"), directory] }];
    using namespace = NetworkNamespace.create();
    using reader = namespace.run(() => openHostReader(enforcers));
    expect(reader.read([]).traces).toEqual([]);
    writeFileSync(join(directory, "web_handle_ingress"), "");
    expect(reader.read([]).traces).toEqual([
      { enforcer: "one by programs", trace: `entries in ${directory}` },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("empty tables and chains that nothing leads to are no traces, and neither are other programs' tables", () => {
  using namespace = NetworkNamespace.create();
  using reader = namespace.run(() => openHostReader());
  const lines = [
    "add table ip calico",
    "add table ip filter",
    "add chain ip filter cali-FORWARD",
    "add chain ip filter FORWARD { type filter hook forward priority 0; }",
  ];
  nftOrThrow(namespace, ["-f", "-"], lines.join("\n"));
  addChain(namespace, "inet", "firewalld", "cali-FORWARD");
  addChain(namespace, "ip", "kube-proxy", "services");
  expect(namespace.run(() => reader.read([])).traces).toEqual([]);
  nftOrThrow(namespace, ["add", "rule", "ip", "filter", "FORWARD", "jump", "cali-FORWARD"]);
  expect(namespace.run(() => reader.read([])).traces).toEqual([
    { enforcer: "Calico", trace: "iptables chain cali-FORWARD" },
  ]);
});

test("kube-ipvs0 is seen when it comes and when it goes", () => {
  using namespace = NetworkNamespace.create();
  using reader = namespace.run(() => openHostReader());
  const read = () => namespace.run(() => reader.read([])).kubeIpvs0;
  expect(read()).toBe(false);
  ip(namespace, "link add kube-ipvs0 type veth peer name other");
  expect(read()).toBe(true);
  ip(namespace, "link del kube-ipvs0");
  expect(read()).toBe(false);
});

test("the bridges' switches are those of the network namespace", () => {
  using namespace = NetworkNamespace.create();
  using reader = namespace.run(() => openHostReader());
  const read = () => namespace.run(() => reader.read([])).bridgeCalls;
  const set = (name: string, value: string) =>
    setSysctl(namespace, `net/bridge/bridge-nf-call-${name}`, value);
  set("iptables", "1");
  set("ip6tables", "0");
  expect(read()).toEqual({ ipv4: "on", ipv6: "off" });
  set("iptables", "0");
  set("ip6tables", "1");
  expect(read()).toEqual({ ipv4: "off", ipv6: "on" });
});

test("the ports of pods' bridges that lead out of the machine are found by their kind", () => {
  using namespace = NetworkNamespace.create();
  using reader = namespace.run(() => openHostReader());
  // No namespace has hardware of its own.
  using asIfHardware = namespace.run(() => openHostReader([], new Set(["veth"])));
  const callsHooks = { ipv4: false, ipv6: false };
  const uses = ([4, 6] as const).map((family) => ({ name: "br0", family, callsHooks, endpoints: [] }));
  const found = () => asIfHardware.read(uses).outwardPorts.map(({ bridge, port }) => `${bridge} ${port}`);
  expect(found()).toEqual([]);
  const ports = Array.from({ length: 200 }, (_, index) => `port${index}`);
  ip(
    namespace,
    ...["br0", "br1"].map((name) => `link add ${name} type bridge`),
    ...ports.flatMap((port, index) => [
      `link add ${port} type veth peer name inside${index}`,
      `link set ${port} master br0`,
    ]),
  );
  expect(found().toSorted()).toEqual(ports.map((port) => `br0 ${port}`).toSorted());
  expect(reader.read(uses).outwardPorts).toEqual([]);
  ip(namespace, ...ports.slice(1).map((port) => `link set ${port} master br1`));
  expect(found()).toEqual(["br0 port0"]);
  ip(namespace, "link del port0");
  expect(found()).toEqual([]);
});
