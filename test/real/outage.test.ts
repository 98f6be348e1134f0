import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { LabFlow } from "../../demo/lab/lab.ts";
import { type RunningAgent, until } from "../agent/running-agent.ts";
import { startForwarder } from "./forwarder.ts";
import { type RealNode, startNode } from "./node.ts";
import { applyPolicy } from "./objects.ts";

// What the agent does while the servers are away, and after: script/test --full stays away for longer.
const OUTAGE_SECONDS = Number(process.env["TORTIE_OUTAGE_SECONDS"] ?? 4);

const WEB = { namespace: "shop", name: "web" };
const DATABASE = { namespace: "shop", name: "database" };
const GUEST = { namespace: "other", name: "guest" };

let node: RealNode;
beforeAll(async () => {
  node = await startNode([WEB, DATABASE, GUEST]);
  for (const pod of [WEB, DATABASE, GUEST]) await node.announce(pod, { app: pod.name });
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());
beforeEach(async () => {
  await allow("web");
});

/** Lets only this pod reach shop/database. */
async function allow(app: "web" | "guest"): Promise<void> {
  await applyPolicy(node.cluster, "shop", "database", {
    podSelector: { matchLabels: { app: "database" } },
    ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app } } }] }],
  });
}

const flow = (from: string): LabFlow => ({
  from,
  to: "shop/database",
  protocol: "TCP",
  port: 5432,
  family: 4,
});

async function visitors(): Promise<string[]> {
  const from = ["shop/web", "other/guest"];
  const arrived = await node.lab.probe(from.map(flow));
  return from.filter((_, at) => arrived[at]);
}

async function untilVisitors(expected: readonly string[]): Promise<void> {
  await until(async () => Bun.deepEquals(await visitors(), expected));
}

/** Sends packets for so long, and each must fare as before. */
async function steady(expected: readonly string[], seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  do expect(await visitors()).toEqual([...expected]);
  while (performance.now() < end);
}

async function started(port?: number): Promise<RunningAgent> {
  const agent = node.agent(node.environment(port));
  await node.untilReady();
  await untilVisitors(["shop/web"]);
  return agent;
}

async function untilStale(): Promise<void> {
  await node.untilReady("stale since");
  expect((await node.liveness())?.status).toBe(200);
}

async function untilFresh(): Promise<void> {
  await until(async () => (await node.readiness())?.body.includes("stale since") === false);
}

function print(text: string, since: number): void {
  process.stdout.write(`${text} after ${((performance.now() - since) / 1000).toFixed(1)} s\n`);
}

test("the API server is killed and comes back", async () => {
  const { cluster } = node;
  const agent = await started();
  const killed = performance.now();
  await cluster.apiServer.kill();
  await untilStale();
  print("a killed API server is noticed", killed);
  await steady(["shop/web"], OUTAGE_SECONDS);
  cluster.apiServer.start();
  await cluster.ready();
  const back = performance.now();
  await allow("guest");
  await untilVisitors(["other/guest"]);
  print("a policy written to an API server that came back is in force", back);
  await untilFresh();
  expect(await agent.end("SIGTERM")).toBe(0);
}, 240_000);

test("the API server freezes: its connections are replaced within 30 s", async () => {
  const { cluster, lab } = node;
  const second = await cluster.addApiServer();
  using forwarder = startForwarder(lab.node.network, second.port);
  const agent = await started(forwarder.port);
  second.process.freeze();
  forwarder.target = cluster.port;
  const frozen = performance.now();
  await allow("guest");
  const first = await lab.firstChange(flow("other/guest"), true, { limit: 30_000 });
  expect(first).toBeNumber();
  print("what froze is replaced, and a policy written meanwhile in force", frozen);
  await untilVisitors(["other/guest"]);
  await untilFresh();
  expect(await agent.end("SIGTERM")).toBe(0);
  await second.process.kill();
}, 120_000);

test("etcd is wiped, and restored from a copy that is older than what the agent saw", async () => {
  const { cluster } = node;
  const copy = await cluster.saveEtcd();
  cluster.etcd.start();
  await cluster.ready();
  const agent = await started();
  await allow("guest");
  await untilVisitors(["other/guest"]);

  const wiped = async (from?: string): Promise<void> => {
    await cluster.apiServer.kill();
    await cluster.restoreEtcd(from);
    cluster.apiServer.start();
    await cluster.ready();
  };
  const servers = wiped();
  await untilStale();
  await steady(["other/guest"], 1);
  await servers;
  // An empty cluster does not even know the agent's account: that is a refusal, not the news that all pods are gone.
  await node.untilReady("401");
  await steady(["other/guest"], OUTAGE_SECONDS);
  await wiped(copy);
  const back = performance.now();
  await untilVisitors(["shop/web"]);
  print("the state of a restored etcd is in force", back);
  await untilFresh();
  await allow("guest");
  await untilVisitors(["other/guest"]);
  expect(await agent.end("SIGTERM")).toBe(0);
}, 240_000);
