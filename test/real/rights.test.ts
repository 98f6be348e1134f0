import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RunningAgent, until } from "../agent/running-agent.ts";
import { NODE, type RealNode, startNode } from "./node.ts";

const WEB = { namespace: "shop", name: "web" };

let node: RealNode;
beforeAll(async () => {
  node = await startNode([WEB]);
  await node.announce(WEB);
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

async function withAgent(agent: RunningAgent, work: () => Promise<void>): Promise<void> {
  await work();
  expect(await agent.end("SIGTERM")).toBe(0);
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

async function roleRules(): Promise<Rule[]> {
  const text = await node.cluster.kubectl(["get", "clusterrole", "tortie", "-o", "json"]);
  return (JSON.parse(text) as { rules: Rule[] }).rules;
}

/** Puts these in place of the role's rules. */
function grant(rules: readonly Rule[]): Promise<string> {
  const patch = JSON.stringify({ rules });
  return node.cluster.kubectl(["patch", "clusterrole", "tortie", "--type=merge", "--patch", patch]);
}

/** Waits until readiness says this. */
async function untilSaid(status: number, words: RegExp): Promise<void> {
  await until(async () => {
    const answer = await node.readiness();
    return answer?.status === status && words.test(answer.body);
  });
}

test("a pod with the role of deploy/manifests/tortie-rbac.yaml needs no setting but its node's name", async () => {
  // /run of a mount namespace of its own, so that the account lies where a kubelet puts it.
  const mount =
    'mount -t tmpfs none /run && mkdir -p "$0" && cp "$ACCOUNT"/* "$0" && unset ACCOUNT && exec "$@"';
  const agent = node.agent(
    {
      DATASTORE_TYPE: "kubernetes",
      NODENAME: NODE,
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(node.cluster.port),
      ACCOUNT: node.account,
    },
    ["unshare", "--mount", "sh", "-c", mount, "/run/secrets/kubernetes.io/serviceaccount"],
  );
  await withAgent(agent, async () => {
    await node.untilReady("1 endpoint of this node");
    expect(agent.err()).toBe("");
    expect(agent.out()).not.toContain('"level":"error"');
  });
});

test("the role is the least: without any one of its rules to read the agent is not ready and says which it is", async () => {
  const rules = await roleRules();
  for (const missing of rules.filter(({ verbs }) => verbs.includes("list"))) {
    await grant(rules.filter((rule) => rule !== missing));
    const agent = node.agent();
    await withAgent(agent, async () => {
      await untilSaid(503, new RegExp(`may not list ${missing.resources.join(" ")}\\b`));
      expect((await node.liveness())?.status).toBe(200);
      await grant(rules);
      await node.untilReady();
    });
  }
}, 90_000);

test("a right to list without the right to watch is named, too", async () => {
  const rules = await roleRules();
  await grant(rules.map((rule) => ({ ...rule, verbs: ["list"] })));
  const agent = node.agent();
  await withAgent(agent, async () => {
    await untilSaid(
      503,
      /may not watch pods \(403.*may not watch networkpolicies of the API group "networking.k8s.io"/,
    );
    await grant(rules);
    await node.untilReady();
  });
}, 60_000);

test("a node name that the cluster does not have is not ready", async () => {
  const agent = node.agent({ ...node.environment(), NODENAME: "elsewhere" });
  await withAgent(agent, () => untilSaid(503, /elsewhere/));
});

test("a token that was taken back is named; a new one in its file mends it", async () => {
  const before = await Bun.file(`${node.account}/token`).text();
  await Bun.write(`${node.account}/token`, "refused");
  const agent = node.agent();
  await withAgent(agent, async () => {
    await untilSaid(503, /does not accept the credentials \(401/);
    await Bun.write(`${node.account}/token`, before);
    await node.untilReady();
  });
});
