import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchPools } from "../../agent/host/ip-pools.ts";
import type { LabFlow } from "../../demo/lab/lab.ts";
import { placeAddress, socketAddress } from "../../demo/lab/place.ts";
import type { Address, Family } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import { type Policy, type PolicyId, policyId } from "../../model/policy.ts";
import { TCP } from "../../model/protocol.ts";
import type { Update } from "../../model/update.ts";
import { pollSockets, ProbeSocket } from "../../native/probe-socket.ts";
import { until } from "../agent/running-agent.ts";
import { type Conversation, converse } from "./conversation.ts";
import { CLIENT, FAMILIES, NODE, openMasqueradeLab, OTHER_POD, POOLS, STRANGER } from "./masquerade-lab.ts";
import { placeOf } from "./place-of.ts";

setDefaultTimeout(60_000);

const PROTOCOLS: Readonly<Record<Family, Readonly<Record<"TCP" | "UDP" | "ICMP", string>>>> = {
  4: { TCP: "tcp", UDP: "udp", ICMP: "icmp" },
  6: { TCP: "tcp", UDP: "udp", ICMP: "ipv6-icmp" },
};

function flows(from: string, to: Readonly<Record<Family, string>> | string): LabFlow[] {
  return FAMILIES.flatMap((family): LabFlow[] => {
    const end = { from, to: typeof to === "string" ? to : to[family], family };
    return [
      { ...end, protocol: "TCP", port: 80 },
      { ...end, protocol: "UDP", port: 53 },
      { ...end, protocol: "ICMP" },
    ];
  });
}

type Sided = Readonly<Record<Family, string>>;

function everyProtocol(source: Sided, destination: Sided): string[] {
  return FAMILIES.flatMap((family) =>
    Object.values(PROTOCOLS[family]).map((name) => `${name} ${source[family]} to ${destination[family]}`),
  ).toSorted();
}

test("to the world a pod has its node's address, to pods of other nodes its own, and all are answered", async () => {
  await using node = await openMasqueradeLab();
  await node.expectAnswered(flows("x/client", STRANGER));
  expect(node.seen()).toEqual(everyProtocol(NODE, STRANGER));
  await node.expectAnswered(flows("x/client", OTHER_POD));
  expect(node.seen()).toEqual(everyProtocol(CLIENT, OTHER_POD));
  await node.expectAnswered(flows("x/client", "x/server"));
  await node.expectAnswered(flows("x/client", "node"));
  expect(node.seen()).toEqual([]);
});

test("what the node sends itself, and what comes to a pod from outside, keeps its source", async () => {
  await using node = await openMasqueradeLab();
  await node.expectAnswered(flows("node", STRANGER));
  expect(node.seen()).toEqual(everyProtocol(NODE, STRANGER));
  for (const host of [STRANGER, OTHER_POD]) {
    for (const family of FAMILIES) {
      await node.expectAnswered([{ from: host[family], to: "x/client", protocol: "TCP", port: 80, family }]);
    }
  }
});

test("the node's own packets keep their port", async () => {
  await using node = await openMasqueradeLab();
  const { lab } = node;
  for (const family of FAMILIES) {
    const to = socketAddress(STRANGER[family] as Address, 53);
    using server = lab.outside.network.run(() => ProbeSocket.bindUdp(to));
    using client = lab.node.network.run(() =>
      ProbeSocket.bindUdp(socketAddress(placeAddress(lab.node, family), 4_242)),
    );
    client.send(new Uint8Array(4), to);
    await until(() => pollSockets([{ socket: server, until: "readable" }], 0).length > 0);
    expect(server.receive()?.from.port).toBe(4_242);
  }
});

function allowing(id: PolicyId, rules: Partial<Pick<Policy, "ingress" | "egress">>, app: string): Update {
  const directions = (["ingress", "egress"] as const).filter((direction) => rules[direction] !== undefined);
  const value: Policy = {
    id,
    title: id,
    tier: "default",
    order: 1_000,
    subjects: {
      namespaces: { kind: "named", name: "x" },
      endpoints: { kind: "in", key: "app", values: [app] },
    },
    directions,
    ingress: [],
    egress: [],
    ...rules,
  };
  return { kind: "policy", id, value };
}

test("policy judges the pod's own address, on its way out and on its way in", async () => {
  await using node = await openMasqueradeLab();
  const ports = [{ kind: "range", protocol: TCP, first: 80, last: 80 }] as const;
  const blocks = (cidrs: readonly string[]) =>
    cidrs.map((cidr) => ({ kind: "block", nets: [cidr as Cidr], notNets: [] }) as const);
  const rule = (cidrs: readonly string[]) => [
    { action: "allow", peers: blocks(cidrs), ports, source: "rule[0]" } as const,
  ];
  await node.take(
    { kind: "namespace", name: "x", value: { name: "x", labels: {} } },
    allowing(
      policyId("NetworkPolicy", "x", "out"),
      { egress: rule([`${STRANGER[4]}/32`, `${STRANGER[6]}/128`, "10.65.0.2/32", "fd00:65::2/128"]) },
      "client",
    ),
    // Not the node's address, which every masqueraded packet has.
    allowing(
      policyId("NetworkPolicy", "x", "in"),
      { ingress: rule([`${CLIENT[4]}/32`, `${CLIENT[6]}/128`, `${OTHER_POD[4]}/32`, `${OTHER_POD[6]}/128`]) },
      "server",
    ),
  );
  const tcp = (from: string, to: string, family: Family): LabFlow => ({
    from,
    to,
    protocol: "TCP",
    port: 80,
    family,
  });
  for (const family of FAMILIES) {
    await node.expectAnswered([
      tcp("x/client", STRANGER[family], family),
      tcp("x/client", "x/server", family),
      tcp(OTHER_POD[family], "x/server", family),
    ]);
    const denied = [
      { ...tcp("x/client", STRANGER[family], family), port: 81 },
      tcp("x/client", OTHER_POD[family], family),
      tcp(STRANGER[family], "x/server", family),
    ];
    expect(await node.lab.probe(denied)).toEqual(denied.map(() => false));
  }
  expect(node.seen()).toEqual(FAMILIES.map((family) => `tcp ${NODE[family]} to ${STRANGER[family]}`));
});

/** Says something new both ways and waits until it is heard: the connection was not cut. */
async function stillTalks(conversation: Conversation, text: string): Promise<void> {
  for (const [who, other] of [
    ["client", "server"],
    ["server", "client"],
  ] as const) {
    conversation.say(who, `${who} ${text};`);
    await until(() => conversation.heard(other).includes(`${who} ${text};`));
  }
}

test("an open connection keeps the address that it began with, whatever becomes of the pools and the agent", async () => {
  await using node = await openMasqueradeLab();
  const [client, { outside }] = [placeOf(node.lab, "x/client"), node.lab];
  using masqueraded = await converse(client, outside, 8_080);
  expect(node.seen()).toEqual([`tcp ${NODE[4]} to ${STRANGER[4]}`]);
  await node.pools({ "10.65.0.0/16": false });
  using bare = await converse(client, outside, 8_081);
  expect(node.seen()).toEqual([`tcp ${CLIENT[4]} to ${STRANGER[4]}`]);
  const both = async (text: string): Promise<void> => {
    await stillTalks(masqueraded, text);
    await stillTalks(bare, text);
  };
  await both("switched off");
  await node.restart();
  await both("switched off, by another agent");
  await node.pools(POOLS);
  await both("switched on");
  await node.pools({});
  await node.restart();
  await both("without any pool");
  expect(node.seen()).toEqual([]);
});

test("what flannel masquerades is left to flannel, from the moment it says so until it stops", async () => {
  await using node = await openMasqueradeLab({});
  const directory = mkdtempSync(join(tmpdir(), "tortie-masquerade-"));
  using _ = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
  const flannelFile = join(directory, "subnet.env");
  const notices: string[][] = [];
  let taking: Promise<void> = Promise.resolve();
  using pools = watchPools({
    config: {
      ipv4Pool: "10.65.0.0/16" as Cidr,
      ipv4PoolNatOutgoing: true,
      ipv6Pool: "fd00:65::/32" as Cidr,
      ipv6PoolNatOutgoing: true,
      poolFile: "/etc/config/calico/ippool.yaml",
    },
    flannelFile,
    lookEvery: 5,
    changed(updates) {
      taking = taking.then(() => node.take(...updates));
    },
    conditions: (now) => void notices.push(now.map(({ text }) => text)),
  });
  await node.take(...pools.updates());
  const sources = async (): Promise<string[]> => {
    await taking;
    await node.expectAnswered(flows("x/client", STRANGER));
    return node.seen();
  };
  expect(await sources()).toEqual(everyProtocol(NODE, STRANGER));
  writeFileSync(flannelFile, "FLANNEL_NETWORK=10.65.0.0/16\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n");
  await until(() => notices.length === 1);
  expect(await sources()).toEqual(everyProtocol({ 4: CLIENT[4], 6: NODE[6] }, STRANGER));
  rmSync(flannelFile);
  await until(() => notices.length === 2);
  expect(await sources()).toEqual(everyProtocol(NODE, STRANGER));
  expect(notices.map((some) => some.length)).toEqual([1, 0]);
});
