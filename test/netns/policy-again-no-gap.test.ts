import { writeFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { createLab, type Lab } from "../../demo/lab/lab.ts";
import { placeAddress } from "../../demo/lab/place.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { addressBytes, type Family } from "../../model/address.ts";
import { UDP } from "../../model/protocol.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { touchedBetween } from "../dataplane/random-wishes.ts";
import { addressSet, from, onInterface, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import { testRuns } from "../worlds/seed.ts";
import { type CountedKind, installCounters, readCounters } from "./gap/counters.ts";
import { startFlood } from "./gap/flood-process.ts";
import { placeOf } from "./place-of.ts";

const ROUNDS = testRuns("TORTIE_AGAIN_GAP_ROUNDS", 300);
const PACKETS_PER_SECOND = 40_000;
const PORT = 80;
const FAMILIES: readonly Family[] = [4, 6];
const CLIENT = "x/client";
const STRANGER = "z/stranger";
const SERVER = "y/server";

/**
 * Two policies take turns: the client may always send, the stranger never, and everything else about them changes, so that what is
 * left of a policy from its last turn would be wrong in this one. By turns they tell ports apart by rules, a map, and a map of ranges.
 */
function wishOf(lab: Lab, round: number): Ruleset {
  const addresses = (key: string) => FAMILIES.map((family) => placeAddress(placeOf(lab, key), family));
  const turn = round % 2;
  const clients = addressSet({
    title: `clients of ${turn}`,
    pods: [...addresses(CLIENT), `10.99.0.${round % 200}`],
  });
  // Who was let in by another port in one turn must not be by this one in the next.
  const others = addressSet({
    title: `others of ${turn}`,
    pods: round % 4 < 2 ? addresses(STRANGER) : ["10.98.0.1"],
  });
  const more = Array.from({ length: [0, 4, 8][round % 3] ?? 0 }, (_, at) =>
    ports(1_000 + 10 * at, from(others), {
      protocol: UDP,
      ...(round % 5 === 0 && { last: 1_005 + 10 * at }),
    }),
  );
  const judge = program("ingress", `judge ${turn}`, {
    segments: [
      ports(PORT, from(clients), { protocol: UDP }),
      ports(PORT + 1, from(others), { protocol: UDP }),
      ...more,
    ],
  });
  const endpoint = (key: string, options = {}) =>
    pod(key, addresses(key), { attachment: onInterface(placeOf(lab, key).interfaceName), ...options });
  return ruleset({
    endpoints: [endpoint(CLIENT), endpoint(STRANGER), endpoint(SERVER, { ingress: judge })],
    programs: [judge],
    addressSets: [clients, others],
  });
}

test(`no packet is lost or leaked while policies go and come again ${ROUNDS} times`, async () => {
  using lab = createLab({
    pods: [CLIENT, STRANGER, SERVER].map((key) => {
      const [namespace = "", name = ""] = key.split("/");
      return { namespace, name };
    }),
  });
  using writer = lab.node.network.run(() => openWriter("netlink"));
  await using dataplane = openNftDataplane(writer, { graceMilliseconds: 0 });
  let before = wishOf(lab, 0);
  dataplane.want(before, undefined);
  expect((await dataplane.settle()).kind).toBe("applied");
  lab.node.network.run(() => writeFileSync("/proc/sys/net/netfilter/nf_conntrack_udp_timeout", "1"));
  const server = placeOf(lab, SERVER);
  using _ = new DisposableStack();
  // Nobody answers, so every packet is the first of its flow.
  for (const family of FAMILIES) {
    const address = addressBytes(placeAddress(server, family));
    _.use(server.network.run(() => ProbeSocket.bindUdp({ address, port: PORT })));
  }
  const kinds = (name: string, sender: string): CountedKind[] =>
    FAMILIES.map((family) => ({
      name: `${name}${family}`,
      interfaceName: placeOf(lab, sender).interfaceName,
      source: placeAddress(placeOf(lab, sender), family),
      destination: placeAddress(server, family),
      port: PORT,
    }));
  const [allowed, denied] = [kinds("allowed", CLIENT), kinds("denied", STRANGER)];
  installCounters(lab.node.network, [...allowed, ...denied]);
  using allowedFlood = startFlood(placeOf(lab, CLIENT), allowed, PACKETS_PER_SECOND);
  using deniedFlood = startFlood(placeOf(lab, STRANGER), denied, PACKETS_PER_SECOND);
  for (let round = 1; round <= ROUNDS; round++) {
    const after = wishOf(lab, round);
    dataplane.want(after, touchedBetween(before, after));
    before = after;
    expect(await dataplane.settle()).toMatchObject({ kind: "applied", rebuilt: false });
  }
  for (const flood of [allowedFlood, deniedFlood]) await flood.stop();
  const counts = readCounters(lab.node.network, [...allowed, ...denied]);
  process.stdout.write(`${ROUNDS} rounds: ${JSON.stringify(Object.fromEntries(counts))}\n`);
  for (const { name } of allowed) {
    const { before: sent = 0, after } = counts.get(name) ?? {};
    expect(sent).toBeGreaterThan(ROUNDS * 10);
    expect(after).toBe(sent);
  }
  for (const { name } of denied) {
    expect(counts.get(name)?.before).toBeGreaterThan(ROUNDS * 10);
    expect(counts.get(name)?.after).toBe(0);
  }
}, 300_000);
