import { readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "bun:test";
import { createLab, type Lab, type LabFlow } from "../../demo/lab/lab.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP", "ICMP"] as const;
const PODS = ["x", "y"].flatMap((namespace) => ["a", "b"].map((name) => ({ namespace, name })));

function table(lab: Lab, traffic: Pick<LabFlow, "protocol" | "family">): LabFlow[] {
  const places = [...lab.pods.keys(), "outside", "node"];
  return places.flatMap((from) => places.map((to) => ({ from, to, port: 80, ...traffic })));
}

function flowText({ from, to, claimedSource = "itself" }: LabFlow): string {
  return `${from} as ${claimedSource} -> ${to}`;
}

async function denied(lab: Lab, flows: readonly LabFlow[]): Promise<string[]> {
  const arrived = await lab.probe(flows);
  return flows.filter((_, index) => arrived[index] === false).map(flowText);
}

function nft(lab: Lab, ...rules: readonly string[]): void {
  const chain = `chain try {\ntype filter hook forward priority 0;\n${rules.join("\n")}\n}\n`;
  const stdin = Buffer.from(`table inet lab_test {\n${chain}}\n`);
  const { exitCode, stderr } = lab.node.network.run(() => Bun.spawnSync(["nft", "-f", "-"], { stdin }));
  if (exitCode !== 0) throw new Error(stderr.toString());
}

function networkDescriptors(): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => /^(net:|socket:)/.test(link)).toSorted();
}

test.each(PROTOCOLS.flatMap((protocol) => [4, 6].map((family) => [protocol, family] as const)))(
  "without policies everybody reaches everybody: %s over IPv%i",
  async (protocol, family) => {
    using lab = createLab({ pods: PODS });
    const flows = table(lab, { protocol, family: family === 4 ? 4 : 6 });
    expect(await denied(lab, flows)).toEqual([]);
  },
);

test("a dropped flow is seen in its own direction, protocol and port only", async () => {
  using lab = createLab({ pods: PODS });
  const pod = lab.pods.get("x/a")?.interfaceName;
  nft(
    lab,
    `iifname "${pod}" meta l4proto { tcp, sctp } th dport 80 drop`,
    `oifname "${pod}" meta l4proto udp drop`,
    `iifname "${pod}" icmp type echo-request drop`,
    `iifname "${pod}" icmpv6 type echo-request drop`,
  );
  const from = ["x/b", "y/a", "y/b", "outside"].map((to) => `x/a as itself -> ${to}`);
  const to = ["x/b", "y/a", "y/b", "outside"].map((source) => `${source} as itself -> x/a`);
  for (const family of [4, 6] as const) {
    for (const protocol of ["TCP", "SCTP", "ICMP"] as const)
      expect(await denied(lab, table(lab, { protocol, family }))).toEqual(from);
    // Answers are cut as well: both directions of UDP end in silence.
    expect(await denied(lab, table(lab, { protocol: "UDP", family }))).toEqual(
      expect.arrayContaining([...from, ...to]),
    );
    const other = table(lab, { protocol: "TCP", family }).map((flow) => ({ ...flow, port: 81 }));
    expect(await denied(lab, other)).toEqual([]);
  }
});

test.each(PROTOCOLS)("forged sources leave a pod and arrive: %s", async (protocol) => {
  using lab = createLab({ pods: PODS });
  const claims = { 4: ["10.65.0.3", "198.51.100.7"], 6: ["fd00:65::3", "2001:db8:99::7"] } as const;
  const flows = ([4, 6] as const).flatMap((family) =>
    claims[family].flatMap((claimedSource) =>
      ["x/b", "outside", "node"].map((to) => ({
        from: "x/a",
        to,
        protocol,
        port: 80,
        family,
        claimedSource,
      })),
    ),
  );
  expect(await denied(lab, flows)).toEqual([]);
  nft(lab, "ip saddr 10.65.0.3 drop", "ip6 saddr 2001:db8:99::7 drop");
  expect(await denied(lab, flows)).toEqual([
    "x/a as 10.65.0.3 -> x/b",
    "x/a as 10.65.0.3 -> outside",
    "x/a as 2001:db8:99::7 -> x/b",
    "x/a as 2001:db8:99::7 -> outside",
  ]);
});

test("single addresses of the outside and of the node are ends too; a pod may lack a family", async () => {
  const pods = [{ namespace: "x", name: "a", ipv4: "10.1.2.3" }];
  using lab = createLab({ pods, nodeAddresses: ["198.18.0.1"] });
  const common = { protocol: "TCP", port: 80, family: 4 } as const;
  nft(lab, "ip saddr 203.0.113.200 drop");
  expect(
    await denied(lab, [
      { from: "203.0.113.200", to: "x/a", ...common },
      { from: "203.0.113.10", to: "x/a", ...common },
      { from: "x/a", to: "198.18.0.1", ...common },
    ]),
  ).toEqual(["203.0.113.200 as itself -> x/a"]);
  const missing = lab.probe([{ from: "node", to: "x/a", ...common, family: 6 }]);
  expect(await missing.catch(String)).toContain("it has no IPv6 address");
});

test("firstChange finds the moment at which a verdict changed", async () => {
  using lab = createLab({ pods: PODS });
  const flow = { from: "x/a", to: "y/a", protocol: "UDP", port: 80, family: 4 } as const;
  const waiting = lab.firstChange(flow, false, { limit: 20_000 });
  const before = performance.now();
  nft(lab, "ip saddr 10.65.0.1 drop");
  expect(await waiting).toBeGreaterThanOrEqual(before);
  expect(await lab.firstChange(flow, true, { limit: 20 })).toBeUndefined();
});

test("a lab leaves neither namespaces nor sockets behind", async () => {
  const before = networkDescriptors();
  {
    using lab = createLab({ pods: PODS });
    await lab.probe([
      ...table(lab, { protocol: "UDP", family: 4 }),
      ...table(lab, { protocol: "ICMP", family: 6 }),
    ]);
  }
  expect(networkDescriptors()).toEqual(before);
});
