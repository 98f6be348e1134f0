import { writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { addressBytes } from "../../model/address.ts";
import { UDP } from "../../model/protocol.ts";
import type { PodPlace } from "../../demo/lab/place.ts";
import type { EndpointRules, Ruleset } from "../../model/ruleset.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import {
  BY_ADDRESS,
  EVERYONE,
  onInterface,
  pod,
  ports,
  program,
  ruleset,
  throughBridge,
} from "../golden/ruleset-builder.ts";
import { testRuns } from "../worlds/seed.ts";
import { type CountedKind, installCounters, readCounters } from "./gap/counters.ts";
import { startFlood } from "./gap/flood-process.ts";
import { ip } from "./other-cni/commands.ts";
import { BRIDGE, createOtherCniLab, type OtherCniLab } from "./other-cni/lab.ts";
import { placeOf, police, rulesOf } from "./other-cni/policed.ts";

const ROUNDS = testRuns("TORTIE_BRIDGE_GAP_ROUNDS", 300);
const PACKETS_PER_SECOND = 40_000;
const PORT = 80;

const serverIn = program("ingress", "everyone on 80", {
  segments: [ports(PORT, EVERYONE, { protocol: UDP })],
});

/**
 * Ranges that always hold every pod's address, while everything else about them and about others changes. x/moving is
 * told by its address before its route is seen, by its interface afterwards, and by both while a route of another pod
 * names the same interface; the bridge of x/client is known, and is not.
 */
function wishOf(lab: OtherCniLab, round: number): Ruleset {
  const wide = round % 2 === 0;
  const comes: EndpointRules = pod("x/comes", ["10.66.0.99", "fd00:66::99"], {
    attachment: round % 4 < 2 ? BY_ADDRESS : onInterface("vethcomes"),
  });
  const { interfaceName } = placeOf(lab, "x/moving");
  const ways = [BY_ADDRESS, throughBridge(interfaceName), onInterface(interfaceName)] as const;
  // Every way after every other.
  const attachment = ways[[0, 1, 2, 0, 2, 1][round % 6] ?? 0] ?? BY_ADDRESS;
  return ruleset({
    endpoints: [
      rulesOf(lab, "x/server", { ingress: serverIn }),
      rulesOf(lab, "x/client", round % 5 < 2 ? { attachment: BY_ADDRESS } : {}),
      rulesOf(lab, "x/moving", { ingress: serverIn, attachment }),
      ...(round % 3 === 0 ? [] : [comes]),
    ],
    programs: [serverIn],
    podRanges: wide ? ["10.66.0.0/15", "fd00:66::/31"] : ["10.66.0.0/16", "10.67.0.0/24", "fd00:66::/32"],
  });
}

test(`no packet over the bridge is lost or leaked while ranges and pods change ${ROUNDS} times`, async () => {
  using lab = createOtherCniLab([
    ...["x/server", "x/client", "x/unknown"].map((key) => ({ key, wiring: "bridge" as const })),
    { key: "x/moving", wiring: "veth" },
  ]);
  using policed = police(lab);
  await policed.enforce(wishOf(lab, 0));
  const [server, client, unknown, moving] = ["x/server", "x/client", "x/unknown", "x/moving"].map((key) =>
    placeOf(lab, key),
  );
  if (!server || !client || !unknown || !moving) throw new Error("no pods");
  lab.node.network.run(() => writeFileSync("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "1"));
  using _servers = new DisposableStack();
  for (const place of [server, moving])
    for (const address of place.addresses) {
      // Nobody answers, so every packet is the first of its flow.
      _servers.use(
        place.network.run(() => ProbeSocket.bindUdp({ address: addressBytes(address), port: PORT })),
      );
    }
  // Its questions for neighbours are closed like all that it says, so it is told the answer.
  const lladdr = /link\/ether (\S+)/.exec(ip(server.network, "link show eth0"))?.[1];
  ip(unknown.network, ...server.addresses.map((to) => `neigh replace ${to} lladdr ${lladdr} dev eth0`));
  const kinds = (name: string, from: PodPlace, to: PodPlace): CountedKind[] =>
    from.addresses.map((source, index) => ({
      name: `${name}${index}`,
      interfaceName: from === moving ? moving.interfaceName : BRIDGE,
      source,
      destination: to.addresses[index] ?? "",
      port: PORT,
    }));
  const fromClient = [...kinds("over_bridge", client, server), ...kinds("to_moving", client, moving)];
  const fromMoving = kinds("from_moving", moving, server);
  const [allowed, denied] = [[...fromClient, ...fromMoving], kinds("unknown", unknown, server)];
  installCounters(lab.node.network, [...allowed, ...denied]);
  using floods = new DisposableStack();
  const running = (
    [
      [client, fromClient],
      [moving, fromMoving],
      [unknown, denied],
    ] as const
  ).map(([place, flows]) => floods.use(startFlood(place, flows, PACKETS_PER_SECOND)));
  for (let round = 1; round <= ROUNDS; round++) {
    await policed.enforce(wishOf(lab, round));
    expect(policed.dataplane.status.epoch).toBe(1);
  }
  for (const flood of running) await flood.stop();
  const counts = readCounters(lab.node.network, [...allowed, ...denied]);
  process.stdout.write(`${ROUNDS} rounds: ${JSON.stringify(Object.fromEntries(counts))}\n`);
  for (const { name } of allowed) {
    const { before = 0, after } = counts.get(name) ?? {};
    expect(before).toBeGreaterThan(ROUNDS * 10);
    expect(after).toBe(before);
  }
  for (const { name } of denied) {
    expect(counts.get(name)?.before).toBeGreaterThan(ROUNDS * 10);
    expect(counts.get(name)?.after).toBe(0);
  }
}, 300_000);
