import { writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { createLab, type Lab, type LabFlow } from "../../demo/lab/lab.ts";
import { placeAddress } from "../../demo/lab/place.ts";
import { addressBytes, type Family } from "../../model/address.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { testRuns } from "../worlds/seed.ts";
import { converse, type Conversation } from "./conversation.ts";
import { AgentLife } from "./gap/agent-life.ts";
import { placeOf } from "./place-of.ts";
import { type CountedKind, installCounters, readCounters } from "./gap/counters.ts";
import type { FloodFlow, FloodReport } from "./gap/flood.ts";
import { startFlood } from "./gap/flood-process.ts";
import { manifestDirectory, manifestFile, PODS } from "./gap/manifests.ts";

const ROUNDS = testRuns("TORTIE_GAP_ROUNDS", 500);
/** Each of the two floods, allowed and denied. */
const PACKETS_PER_SECOND = 60_000;
const ROUNDS_BETWEEN_LOOKS = 25;

/** What is sent, and by whom: `claims` is the pod whose address stands in the packet. */
function kindsOf(lab: Lab): { readonly allowed: CountedKind[]; readonly denied: CountedKind[] } {
  const kind = (name: string, sender: string, claims: string, port: number, family: Family): CountedKind => ({
    name: `${name}${family}`,
    interfaceName: placeOf(lab, sender).interfaceName,
    source: placeAddress(placeOf(lab, claims), family),
    destination: placeAddress(placeOf(lab, "y/server"), family),
    port,
  });
  return {
    allowed: [4 as const, 6 as const].map((family) => kind("allowed", "x/client", "x/client", 80, family)),
    denied: [4 as const, 6 as const].flatMap((family) => [
      kind("wrong_peer", "z/stranger", "z/stranger", 80, family),
      kind("wrong_port", "z/stranger", "z/stranger", 81, family),
      kind("forged", "z/stranger", "x/client", 80, family),
    ]),
  };
}

function flowsOf(kinds: readonly CountedKind[]): FloodFlow[] {
  return kinds.map(({ source, destination, port }) => ({ source, destination, port }));
}

/** Nobody answers, so every packet is the first of its flow for as long as it is sent; entries soon make room. */
function silence(lab: Lab): DisposableStack {
  const stack = new DisposableStack();
  const server = placeOf(lab, "y/server");
  lab.node.network.run(() => writeFileSync("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "1"));
  for (const family of [4, 6] as const)
    stack.use(
      server.network.run(() =>
        ProbeSocket.bindUdp({ address: addressBytes(placeAddress(server, family)), port: 80 }),
      ),
    );
  return stack;
}

/** Says something new both ways and waits until it is heard: the stream was not cut. */
async function stillTalks(conversation: Conversation, round: number): Promise<void> {
  for (const [who, other] of [
    ["client", "server"],
    ["server", "client"],
  ] as const) {
    const text = `${who} in round ${round};`;
    conversation.say(who, text);
    while (!conversation.heard(other).includes(text)) await Bun.sleep(1);
  }
}

const TCP_FLOWS: readonly LabFlow[] = ([4, 6] as const).map((family) => ({
  from: "x/client",
  to: "y/server",
  protocol: "TCP",
  port: 8080,
  family,
}));

/** IPv6 lives on neighbour discovery: it must find everybody again. */
async function flushNeighbours(lab: Lab): Promise<void> {
  for (const { network } of [lab.node, ...lab.pods.values()])
    network.run(() => Bun.spawnSync(["ip", "-6", "neigh", "flush", "all", "nud", "all"]));
  expect(await lab.probe(TCP_FLOWS)).toEqual([true, true]);
}

function perSecond({ sent, seconds }: FloodReport): number {
  return Math.round(sent / seconds);
}

test(
  `no packet is lost or leaked while the agent starts and is killed ${ROUNDS} times`,
  async () => {
    using lab = createLab({ pods: PODS });
    using manifests = manifestDirectory(lab);
    const first = new AgentLife(lab.node.network, manifests.path);
    await first.settled(1);
    await first.kill();
    using _ = silence(lab);
    using conversation = await converse(placeOf(lab, "x/client"), placeOf(lab, "y/server"), 80);
    const { allowed, denied } = kindsOf(lab);
    const kinds = [...allowed, ...denied];
    installCounters(lab.node.network, kinds);
    using allowedFlood = startFlood(placeOf(lab, "x/client"), flowsOf(allowed), PACKETS_PER_SECOND);
    using deniedFlood = startFlood(placeOf(lab, "z/stranger"), flowsOf(denied), PACKETS_PER_SECOND);
    let edit = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const agent = new AgentLife(lab.node.network, manifests.path);
      await agent.settled(1);
      manifests.write(manifestFile(lab, ++edit));
      await agent.settled(2);
      // Killed when it has just noticed an edit, too: in the middle of whatever it does then.
      if (round % 2 === 0) manifests.write(manifestFile(lab, ++edit));
      if (round % 4 === 0) await Bun.sleep(round % 50);
      await agent.kill();
      if (round % 3 === 0) manifests.write(manifestFile(lab, ++edit));
      if (round % ROUNDS_BETWEEN_LOOKS !== 0) continue;
      await stillTalks(conversation, round);
      await flushNeighbours(lab);
    }
    const reports = [await allowedFlood.stop(), await deniedFlood.stop()];
    const counts = readCounters(lab.node.network, kinds);
    const lost = allowed.map(({ name }) => {
      const { before, after } = counts.get(name) ?? { before: Number.NaN, after: Number.NaN };
      return before - after;
    });
    const leaked = denied.map(({ name }) => counts.get(name)?.after);
    process.stdout.write(
      `${ROUNDS} rounds, ${reports.map(perSecond).join(" allowed and ")} denied packets/s: ` +
        `${JSON.stringify(Object.fromEntries(counts))}\n`,
    );
    expect(lost).toEqual(allowed.map(() => 0));
    expect(leaked).toEqual(denied.map(() => 0));
    for (const { name } of kinds) expect(counts.get(name)?.before).toBeGreaterThan(ROUNDS * 100);
    for (const report of reports) expect(report.refused).toBe(0);
  },
  30 * 60_000,
);
