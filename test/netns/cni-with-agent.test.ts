import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, addressBytes } from "../../model/address.ts";
import { Conntrack } from "../../native/conntrack.ts";
import { pollSockets, ProbeSocket } from "../../native/probe-socket.ts";
import { askHealth, type RunningAgent, startTortie, until } from "../agent/running-agent.ts";
import { CniNode, type Container } from "./cni/cni-node.ts";

const PORT = 80;
/** Milliseconds; a packet takes less than one where the machine has time, and one that is dropped never comes. */
const PATIENCE = 300;

const pod = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "x", name, uid: `uid-${name}`, labels: { pod: name } },
  spec: { nodeName: "node-1", containers: [] },
});

const CLUSTER = [
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1" },
    spec: { podCIDRs: ["10.1.0.0/24", "fd00:1::/64"] },
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } },
  ...["a", "b", "c"].map(pod),
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace: "x", name: "to-b" },
    spec: {
      podSelector: { matchLabels: { pod: "b" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { pod: "a" } } }] }],
    },
  },
];

class AgentNode implements AsyncDisposable {
  readonly node: CniNode = new CniNode();
  readonly #manifests = mkdtempSync(join(tmpdir(), "tortie-cni-manifests-"));
  #agent: RunningAgent | undefined;

  constructor() {
    this.node.agent.stop();
    const documents = CLUSTER.map((object) => JSON.stringify(object)).join("\n---\n");
    writeFileSync(join(this.#manifests, "cluster.yaml"), documents);
  }

  start(): RunningAgent {
    this.#agent = startTortie(this.node.host, ["agent"], {
      PATH: process.env["PATH"] ?? "",
      NODENAME: "node-1",
      DATASTORE_PATH: this.#manifests,
      TORTIE_RUNDIRECTORY: this.node.paths.directory,
      TORTIE_STATEDIRECTORY: join(this.#manifests, ".state"),
      TORTIE_GRACESECONDS: "0",
    });
    return this.#agent;
  }

  async add(name: string): Promise<Container & { readonly addresses: readonly Address[] }> {
    const container = this.node.container(name);
    const { exitCode, output, complaint } = await this.node.call("ADD", container);
    expect({ exitCode, complaint, output }).toMatchObject({ exitCode: 0, complaint: "" });
    const { ips } = output as { readonly ips: readonly { readonly address: string }[] };
    return { ...container, addresses: ips.map(({ address }) => address.split("/")[0] as Address) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agent?.process.exitCode === null) await this.#agent.end("SIGKILL");
    this.node[Symbol.dispose]();
    rmSync(this.#manifests, { recursive: true, force: true });
  }
}

type Wired = Awaited<ReturnType<AgentNode["add"]>>;

/** Whether the first datagram ever gets from one pod to the other, by family. */
function reaches(from: Wired, to: Wired): boolean[] {
  return to.addresses.map((address, at) => {
    const target = { address: addressBytes(address), port: PORT };
    using ears = to.network.run(() => ProbeSocket.bindUdp(target));
    const own = { address: addressBytes(from.addresses[at] as Address), port: 4_000 };
    using mouth = from.network.run(() => ProbeSocket.bindUdp(own));
    mouth.send(new Uint8Array(4), target);
    return pollSockets([{ socket: ears, until: "readable" }], PATIENCE).length > 0;
  });
}

/** How many connections from one of its addresses the kernel remembers. */
function connections({ host }: CniNode, { addresses }: Wired): number {
  const own = addresses.map((address) => addressBytes(address).toHex());
  let count = 0;
  host.run(() => {
    using conntrack = new Conntrack();
    conntrack.visit(undefined, ({ originalSource }) => {
      if (own.includes(originalSource.toHex())) count++;
    });
  });
  return count;
}

test("what ADD has wired obeys policy with its first packet, and after the agent was killed, too", async () => {
  await using world = new AgentNode();
  const agent = world.start();
  const [a, b, c] = [await world.add("a"), await world.add("b"), await world.add("c")];
  expect(a.addresses).toEqual(["10.1.0.2", "fd00:1::2"] as Address[]);
  expect(reaches(c, b)).toEqual([false, false]);
  expect(reaches(a, b)).toEqual([true, true]);
  await agent.end("SIGKILL");
  expect(reaches(c, b)).toEqual([false, false]);
  expect(reaches(a, b)).toEqual([true, true]);
  world.start();
  await until(async () => (await askHealth(world.node.host, "/readiness"))?.status === 200);
  expect(reaches(a, b)).toEqual([true, true]);
  expect(connections(world.node, a)).toBeGreaterThan(0);
  for (const container of [a, b, c]) expect((await world.node.call("DEL", container)).exitCode).toBe(0);
  expect(world.node.traces()).toEqual([]);
  expect(connections(world.node, a)).toBe(0);
});

test("a pod waits for the agent, and has its network as soon as that is there", async () => {
  await using world = new AgentNode();
  const adding = world.add("a");
  world.start();
  expect((await adding).addresses).toHaveLength(2);
});

test("a pod that the cluster does not know: the agent's words, and nothing is left", async () => {
  await using world = new AgentNode();
  world.start();
  const { output } = await world.node.call("ADD", world.node.container("nobody"), {
    network: { policy_setup_timeout_seconds: 5 },
  });
  expect(output).toMatchObject({ code: 11 });
  expect((output as { msg: string }).msg).toStartWith(
    "not ready within 5 s: pod x/nobody (UID uid-nobody): the agent does not know it yet",
  );
  expect(world.node.traces()).toEqual([]);
}, 30_000);

test("CHECK asks the agent, and STATUS is well", async () => {
  await using world = new AgentNode();
  world.start();
  const container = world.node.container("a");
  const { output: prevResult } = await world.node.call("ADD", container);
  const asked = { network: { prevResult: prevResult as object } };
  expect(await world.node.call("CHECK", container, asked)).toMatchObject({ exitCode: 0 });
  expect(await world.node.call("STATUS", undefined)).toMatchObject({ exitCode: 0 });
});
