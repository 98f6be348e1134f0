import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LabFlow } from "../../demo/lab/lab.ts";
import { until } from "../agent/running-agent.ts";
import { type RealNode, startNode } from "./node.ts";
import { applyPolicy, setPodStatus } from "./objects.ts";

const WEB = { namespace: "shop", name: "web" };
const DATABASE = { namespace: "shop", name: "database" };
const GUEST = { namespace: "other", name: "guest" };
const LATE = { namespace: "other", name: "late" };

let node: RealNode;
beforeAll(async () => {
  node = await startNode([WEB, DATABASE, GUEST, LATE]);
  for (const pod of [WEB, DATABASE, GUEST]) await node.announce(pod, { app: pod.name });
  node.agent();
  await node.untilReady();
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

/** Who may open a new connection to shop/database, of web, guest and late, over both families. */
async function visitors(): Promise<string[]> {
  const names = ["shop/web", "other/guest", "other/late"];
  const flows = names.flatMap((from) =>
    ([4, 6] as const).map((family): LabFlow => ({
      from,
      to: "shop/database",
      protocol: "TCP",
      port: 5432,
      family,
    })),
  );
  const arrived = await node.lab.probe(flows);
  return flows.filter((_, at) => arrived[at]).map(({ from, family }) => `${from} ${family}`);
}

async function untilVisitors(expected: readonly string[]): Promise<void> {
  await until(async () => Bun.deepEquals(await visitors(), expected));
}

/** Runs kubectl, waits for the first packet whose fate it changed, and prints the times. */
async function timed(
  what: string,
  flow: LabFlow,
  arrives: boolean,
  write: () => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  let written = Number.NaN;
  const [first] = await Promise.all([
    node.lab.firstChange(flow, arrives, { limit: 20_000 }),
    write().then(() => (written = performance.now())),
  ]);
  expect(first).toBeNumber();
  const [kubectl, packet] = [written - began, (first ?? 0) - began].map((time) => time.toFixed(0));
  process.stdout.write(`${what}: first packet after ${packet} ms; kubectl itself took ${kubectl} ms\n`);
}

const GUEST_IN: LabFlow = {
  from: "other/guest",
  to: "shop/database",
  protocol: "TCP",
  port: 5432,
  family: 4,
};
const ONLY_WEB = {
  podSelector: { matchLabels: { app: "database" } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [{ port: 5432 }] }],
};

test("pods that no policy selects take anything; a pod that the cluster does not know reaches nobody", async () => {
  await untilVisitors(["shop/web 4", "shop/web 6", "other/guest 4", "other/guest 6"]);
});

test("a policy closes, and opens again when it is deleted", async () => {
  await timed("kubectl apply of a policy", GUEST_IN, false, () =>
    applyPolicy(node.cluster, "shop", "database", ONLY_WEB),
  );
  await untilVisitors(["shop/web 4", "shop/web 6"]);
  await timed("kubectl delete of a policy", GUEST_IN, true, () =>
    node.cluster.kubectl(["delete", "netpol", "--namespace", "shop", "database"]),
  );
  await untilVisitors(["shop/web 4", "shop/web 6", "other/guest 4", "other/guest 6"]);
});

test("labels of pods and of namespaces decide as they change", async () => {
  await applyPolicy(node.cluster, "shop", "database", {
    podSelector: {},
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { trust: "yes" } } }] }],
  });
  await untilVisitors([]);
  await timed("kubectl label of a namespace", GUEST_IN, true, () =>
    node.cluster.kubectl(["label", "namespace", "other", "trust=yes"]),
  );
  await untilVisitors(["other/guest 4", "other/guest 6"]);
  await applyPolicy(node.cluster, "shop", "database", ONLY_WEB);
  await untilVisitors(["shop/web 4", "shop/web 6"]);
  await node.cluster.kubectl(["label", "pod", "--namespace", "shop", "web", "app=else", "--overwrite"]);
  await untilVisitors([]);
  await node.cluster.kubectl(["label", "pod", "--namespace", "shop", "web", "app=web", "--overwrite"]);
  await untilVisitors(["shop/web 4", "shop/web 6"]);
  await node.cluster.kubectl(["delete", "netpol", "--namespace", "shop", "database"]);
});

test("a pod is open once its status has its addresses, and closed when it has finished or is deleted", async () => {
  const others = ["shop/web 4", "shop/web 6", "other/guest 4", "other/guest 6"];
  const late = [...others, "other/late 4", "other/late 6"];
  await node.announce(LATE);
  await untilVisitors(late);
  await setPodStatus(node.cluster, "other", "late", { phase: "Succeeded" });
  await untilVisitors(others);
  await node.cluster.kubectl([
    "delete",
    "pod",
    "--namespace",
    "other",
    "late",
    "--force",
    "--grace-period=0",
  ]);
  await node.announce(LATE);
  await untilVisitors(late);
  await node.cluster.kubectl([
    "delete",
    "pod",
    "--namespace",
    "other",
    "late",
    "--force",
    "--grace-period=0",
  ]);
  await untilVisitors(others);
});
