import { afterAll, beforeAll, expect, test } from "bun:test";
import { socketAddress } from "../../../demo/lab/place.ts";
import type { Address } from "../../../model/address.ts";
import { ProbeSocket } from "../../../native/probe-socket.ts";
import { until } from "../../agent/running-agent.ts";
import { startFlood } from "../../netns/gap/flood-process.ts";
import { connectMilliseconds, wireByHand } from "../first-packet/by-hand.ts";
import { startEarlySenders } from "../first-packet/early-senders.ts";
import { type Arrivals, type Ends, NOTHING, watchEnds } from "../first-packet/ends.ts";
import { type FullNode, NODE, pluginNetwork, startFullNode } from "../first-packet/node.ts";
import { EAR, MARKS } from "../first-packet/places.ts";
import { isWired, networkOf, receivedIn, sandboxOf } from "../first-packet/sandboxes.ts";
import { CLOSED_POLICY, eventSays, senderPod } from "../first-packet/scene.ts";
import { waitFor } from "../first-packet/wait-for.ts";
import { applyPolicy } from "../objects.ts";
import { podManifest } from "../pod-manifest.ts";
import { applyObjects, deletePod, podReady, read } from "../pods.ts";
import type { ServerProcess } from "../server-process.ts";

// The same for what comes later in the life of a node: sandboxes and pods made anew, an API server that goes away, an agent that is
// killed while packets flow; and how soon a pod that may send is heard.
const PATIENCE_SECONDS = 3;
const SILENT = "the agent at /run/tortie/agent.sock does not answer";
const RESTARTS = 20;
const FLOOD_PER_SECOND = 10_000;
const WIRED = 20;
const SERVED = 8080;
const UIDS = 'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}';

let node: FullNode;
let ends: Ends;
/** The agent has one to itself. */
let agentsServer: ServerProcess;
beforeAll(async () => {
  node = await startFullNode({
    setupTimeoutSeconds: PATIENCE_SECONDS,
    agentsPort: async (cluster) => {
      const { port, process: server } = await cluster.addApiServer();
      agentsServer = server;
      return port;
    },
  });
  await applyPolicy(node.cluster, "default", "closed", CLOSED_POLICY);
  node.agent.start();
  await node.agentReady();
  const ear = podManifest({ name: "ear", node: NODE, labels: { role: "ear" } });
  const kept = senderPod({ name: "kept", mark: "free", when: "always", node: NODE });
  await applyObjects(node.cluster, ear);
  await podReady(node.cluster, "default/ear");
  expect(sandboxOf(node.machine, "ear").addresses).toEqual([...EAR]);
  ends = watchEnds(node, "ear");
  await applyObjects(node.cluster, kept);
  await podReady(node.cluster, "default/kept");
}, 180_000);
afterAll(async () => {
  ends?.[Symbol.dispose]();
  await node?.[Symbol.asyncDispose]();
});

const least = ({ node: own, forwarded, ear, outside }: Arrivals): number =>
  Math.min(...[own, forwarded, ear, outside].flatMap((kinds) => Object.values(kinds)));
const arrivesEverywhere = (): Promise<void> => until(() => least(ends.arrived("free")) > 0);

/** Kills the process that holds the pod's namespaces. */
async function killSandbox(pod: string): Promise<string> {
  const { containerId } = sandboxOf(node.machine, pod);
  await node.containerd.ctr(["task", "kill", "--signal", "KILL", containerId]);
  return containerId;
}

function wiredAnew(pod: string, before: string): Promise<void> {
  return waitFor(
    () => isWired(node.machine, pod, before),
    () => `pod ${pod} got no other sandbox: ${node.kubelet.server.said()}`,
  );
}

/** The event of a pod that waits, once it says what follows the pod's name. */
async function waitsFor(pod: string, what: string): Promise<string> {
  const uid = await read(node.cluster, "pod", pod, "{.metadata.uid}");
  const message = `not ready within ${PATIENCE_SECONDS} s: pod default/${pod} (UID ${uid})${what}`;
  return eventSays(node.cluster, pod, message);
}

test("a pod that is made anew under its name has the policy of the new one from the first packet on", async () => {
  const { cluster, machine, agent } = node;
  const renew = async (pod: Record<string, unknown>): Promise<string> => {
    const before = sandboxOf(machine, "heir").containerId;
    await deletePod(cluster, "default/heir", true);
    await applyObjects(cluster, pod);
    return before;
  };
  ends.reset();
  await applyObjects(cluster, senderPod({ name: "heir", mark: "free", when: "always", node: NODE }));
  await podReady(cluster, "default/heir");
  const early = startEarlySenders(node);
  // The rules of the old one, which may send, are in the kernel under the interface's name, and nobody can take them back.
  agent.freeze();
  const first = await renew(senderPod({ name: "heir", mark: "denied", when: "always", node: NODE }));
  await eventSays(cluster, "heir", `not ready within ${PATIENCE_SECONDS} s: ${SILENT}`);
  agent.thaw();
  await wiredAnew("heir", first);
  await podReady(cluster, "default/heir");
  await until(() => ends.sent("denied").udp4 > 1_000 && ends.sent("early").udp4 > 1_000);
  early[Symbol.dispose]();
  for (const mark of ["denied", "early"] as const) expect(ends.arrived(mark)).toEqual(NOTHING);

  // And the other way round: what the new one may do helps the old one in nothing.
  const second = await renew(senderPod({ name: "heir", mark: "free", when: "init", node: NODE }));
  await wiredAnew("heir", second);
  await podReady(cluster, "default/heir");
  expect(ends.arrived("denied")).toEqual(NOTHING);
  await deletePod(cluster, "default/heir");
}, 120_000);

test("with its API server away the agent gives known pods their network; new ones wait, and say for what", async () => {
  const { cluster } = node;
  await agentsServer.kill();
  await node.agentReady("stale since");

  const kept = await killSandbox("kept");
  await applyObjects(cluster, senderPod({ name: "newcomer", mark: "denied", when: "init", node: NODE }));
  await wiredAnew("kept", kept);
  await podReady(cluster, "default/kept");
  ends.reset();
  await arrivesEverywhere();

  const event = await waitsFor("newcomer", ": the agent does not know it yet, and could not look it up: ");
  expect(event).toContain("; the datastore is stale since ");
  process.stdout.write(`first packet, API server away: ${event}\n`);
  agentsServer.start();
  await podReady(cluster, "default/newcomer");
  expect(ends.sent("denied").udp4).toBeGreaterThan(0);
  expect(ends.arrived("denied")).toEqual(NOTHING);
  await deletePod(cluster, "default/newcomer", true);
}, 180_000);

test("with an API server that says nothing new pods wait, and say for what", async () => {
  const { cluster } = node;
  agentsServer.freeze();
  await applyObjects(cluster, senderPod({ name: "later", mark: "denied", when: "init", node: NODE }));
  const event = await waitsFor(
    "later",
    ": the agent does not know it yet, and the API server has not answered so far",
  );
  process.stdout.write(`first packet, API server silent: ${event}\n`);
  agentsServer.thaw();
  await podReady(cluster, "default/later");
  expect(ends.arrived("denied")).toEqual(NOTHING);
  await deletePod(cluster, "default/later", true);
}, 180_000);

test("with no API server at all a known pod gets its network again", async () => {
  const { cluster } = node;
  await Promise.all([agentsServer.kill(), cluster.apiServer.kill()]);
  await wiredAnew("kept", await killSandbox("kept"));
  agentsServer.start();
  cluster.apiServer.start();
  await cluster.ready();
  ends.reset();
  await arrivesEverywhere();
}, 180_000);

test("an agent that is killed and started again lets nothing pass, and loses nothing that may pass", async () => {
  const { cluster, machine } = node;
  const talker = podManifest({ name: "talker", node: NODE });
  const closed = podManifest({ name: "closed", node: NODE, labels: { role: "closed" } });
  await applyObjects(cluster, talker, closed);
  for (const pod of ["talker", "closed"]) await podReady(cluster, `default/${pod}`);
  await deletePod(cluster, "default/kept");
  ends.reset();
  using floods = new DisposableStack();
  const flood = (pod: string, port: number): ReturnType<typeof startFlood> => {
    const sandbox = sandboxOf(machine, pod);
    const network = floods.use(networkOf(machine, sandbox));
    const flows = EAR.map((destination, at) => ({
      source: sandbox.addresses[at] ?? "",
      destination,
      port,
    }));
    return floods.use(startFlood({ key: pod, network, addresses: [] }, flows, FLOOD_PER_SECOND));
  };
  const both = [flood("talker", MARKS.free), flood("closed", MARKS.denied)];
  await until(() => ends.sent("free").udp6 > 0 && ends.sent("denied").udp6 > 0);
  for (let round = 0; round < RESTARTS; round++) {
    await node.agent.kill();
    node.agent.start();
    // In the middle of its start, too.
    if (round % 2 === 0) await Bun.sleep(20 * round);
    else await node.agentReady();
  }
  await node.agentReady();
  await Promise.all(both.map((one) => one.stop()));
  const [sent, arrived] = [ends.sent("free"), ends.arrived("free")];
  for (const kind of ["udp4", "udp6"] as const) {
    expect({ kind, forwarded: arrived.forwarded[kind] }).toEqual({ kind, forwarded: sent[kind] });
    expect(ends.sent("denied")[kind]).toBeGreaterThan(0);
  }
  expect(ends.arrived("denied")).toEqual(NOTHING);
  const denied = ends.sent("denied");
  process.stdout.write(
    `first packet, ${RESTARTS} restarts: ${sent.udp4 + sent.udp6} packets that may pass, 0 lost; ` +
      `${denied.udp4 + denied.udp6} that may not, 0 passed\n`,
  );
}, 180_000);

test("what a pod may send is answered at its first attempt once ADD is back", async () => {
  const { cluster, machine } = node;
  await applyPolicy(cluster, "default", "guests", {
    podSelector: { matchLabels: { role: "guest" } },
    policyTypes: ["Ingress", "Egress"],
    egress: [{ to: [{ podSelector: { matchLabels: { role: "ear" } } }], ports: [{ port: SERVED }] }],
  });
  // It would run them itself.
  node.kubelet.server.freeze();
  const names = Array.from({ length: WIRED }, (_, at) => `guest-${at}`);
  const labels = { role: "guest" };
  await applyObjects(cluster, ...names.map((name) => podManifest({ name, node: NODE, labels })));
  const ofGuests = ["--selector=role=guest"];
  const said = await cluster.kubectl(["get", "pods", ...ofGuests, "--output", UIDS]);
  const uids = new Map(said.split("\n").map((line) => line.split(" ") as [string, string]));
  using earNetwork = networkOf(machine, sandboxOf(machine, "ear"));
  using _ = earNetwork.run(() => ProbeSocket.listenTcp(socketAddress("::" as Address, SERVED)));
  const { plugins, ...list } = pluginNetwork("asked", PATIENCE_SECONDS);
  const [plugin] = plugins;
  const times: Record<string, number[]> = { pod: [], node: [] };
  for (const [at, name] of names.entries()) {
    const uid = uids.get(name) ?? "";
    const ear = EAR[at % 2] as Address;
    using wired = wireByHand(node, { name, uid }, { ...list, ...plugin });
    times["pod"]?.push(connectMilliseconds(wired.network, ear, SERVED));
    expect(receivedIn(wired.network).retransmitted).toBe(0);
    times["node"]?.push(connectMilliseconds(machine.network, ear, SERVED));
  }
  await cluster.kubectl(["delete", "pods", ...ofGuests, "--force", "--grace-period=0"]);
  node.kubelet.server.thaw();
  const told = Object.entries(times).map(([who, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
    return `${who} median ${at(0.5)} ms, longest ${at(1)} ms`;
  });
  process.stdout.write(`first packet, ${WIRED} first connections right after ADD: ${told.join("; ")}\n`);
}, 120_000);
