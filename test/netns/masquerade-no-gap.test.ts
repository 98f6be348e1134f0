import { writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { socketAddress } from "../../demo/lab/place.ts";
import type { Address } from "../../model/address.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { testRuns } from "../worlds/seed.ts";
import { startFlood } from "./gap/flood-process.ts";
import {
  CLIENT,
  FAMILIES,
  type MasqueradeLab,
  NODE,
  openMasqueradeLab,
  POOLS,
  STRANGER,
} from "./masquerade-lab.ts";
import { nftOrThrow } from "./nft-command.ts";
import { placeOf } from "./place-of.ts";

const ROUNDS = testRuns("TORTIE_GAP_ROUNDS", 200);
/** Below what the kernel can find free ports for: each packet is a connection of its own, which lives a second. */
const PACKETS_PER_SECOND = 10_000;
const PORT = 80;

/** Pools that do not concern the client come and go, and each of them changes the rule that masquerades it. */
const OTHERS: readonly Readonly<Record<string, boolean>>[] = [
  {},
  { "172.16.0.0/12": false },
  { "172.16.0.0/12": true, "fd99::/64": false },
  { "10.66.0.0/16": true },
  { "10.64.0.0/16": false, "fd00:66::/32": true },
];

const GAUGE = `table inet gauge {
  counter masqueraded {}
  counter bare {}
  chain arrivals {
    type filter hook prerouting priority -400;
    meta l4proto != udp return
    udp dport != ${PORT} return
    ip saddr ${NODE[4]} counter name masqueraded
    ip6 saddr ${NODE[6]} counter name masqueraded
    ip saddr ${CLIENT[4]} counter name bare
    ip6 saddr ${CLIENT[6]} counter name bare
  }
}
`;

interface ListedCounters {
  readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
}

function arrivals({ lab }: MasqueradeLab): Record<string, number> {
  const text = nftOrThrow(lab.outside.network, ["-j", "list", "counters", "table", "inet", "gauge"]);
  return Object.fromEntries(
    (JSON.parse(text) as ListedCounters).nftables.flatMap(({ counter }) =>
      counter === undefined ? [] : [[counter.name, counter.packets]],
    ),
  );
}

/** What arrived, once nothing more does. */
async function lastArrivals(node: MasqueradeLab): Promise<Record<string, number>> {
  for (let before = arrivals(node); ;) {
    await Bun.sleep(20);
    const now = arrivals(node);
    if (Bun.deepEquals(before, now)) return now;
    before = now;
  }
}

/** Nobody answers, so every packet is the first of its connection for as long as it is sent; entries soon make room. */
function silence({ lab }: MasqueradeLab): DisposableStack {
  const stack = new DisposableStack();
  lab.node.network.run(() => writeFileSync("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "1"));
  for (const family of FAMILIES) {
    const at = socketAddress(STRANGER[family] as Address, PORT);
    stack.use(lab.outside.network.run(() => ProbeSocket.bindUdp(at)));
  }
  return stack;
}

test(
  `no packet is lost or leaves with its pod's address while pools change and agents are killed, ${ROUNDS} times`,
  async () => {
    await using node = await openMasqueradeLab();
    using _ = silence(node);
    nftOrThrow(node.lab.outside.network, ["-f", "-"], GAUGE);
    const client = placeOf(node.lab, "x/client");
    const flows = FAMILIES.map((family) => ({
      source: CLIENT[family],
      destination: STRANGER[family],
      port: PORT,
    }));
    using flood = startFlood(client, flows, PACKETS_PER_SECOND);
    for (let round = 1; round <= ROUNDS; round++) {
      // Neither half of a round may find the flood asleep.
      const { masqueraded = 0 } = arrivals(node);
      while ((arrivals(node)["masqueraded"] ?? 0) === masqueraded) await Bun.sleep(1);
      await node.pools({ ...POOLS, ...OTHERS[round % OTHERS.length] });
      if (round % 3 === 0) await node.restart();
    }
    const { sent, refused, seconds } = await flood.stop();
    const found = await lastArrivals(node);
    process.stdout.write(
      `${ROUNDS} rounds, ${Math.round(sent / seconds)} packets/s: ${JSON.stringify(found)}\n`,
    );
    expect(found).toEqual({ masqueraded: sent, bare: 0 });
    expect(refused).toBe(0);
    expect(sent).toBeGreaterThan(ROUNDS);
  },
  10 * 60_000,
);

test(
  "switched off and on, every packet still gets there",
  async () => {
    await using node = await openMasqueradeLab();
    using _ = silence(node);
    nftOrThrow(node.lab.outside.network, ["-f", "-"], GAUGE);
    const flows = FAMILIES.map((family) => ({
      source: CLIENT[family],
      destination: STRANGER[family],
      port: PORT,
    }));
    using flood = startFlood(placeOf(node.lab, "x/client"), flows, PACKETS_PER_SECOND);
    for (let round = 1; round <= Math.ceil(ROUNDS / 10); round++) {
      const way = round % 2 === 0 ? "masqueraded" : "bare";
      await node.pools(way === "masqueraded" ? POOLS : {});
      const before = arrivals(node)[way] ?? 0;
      while ((arrivals(node)[way] ?? 0) === before) await Bun.sleep(1);
    }
    const { sent, refused } = await flood.stop();
    const { masqueraded = 0, bare = 0 } = await lastArrivals(node);
    expect({ sum: masqueraded + bare, refused }).toEqual({ sum: sent, refused: 0 });
  },
  10 * 60_000,
);
