import { expect, setDefaultTimeout, test } from "bun:test";
import type { LabFlow } from "../../demo/lab/flow.ts";
import type { PodPlace } from "../../demo/lab/place.ts";
import type { Address, Family } from "../../model/address.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { EndpointRules, Ruleset } from "../../model/ruleset.ts";
import type { NftDataplaneOptions } from "../../dataplane/nft/driver.ts";
import { until } from "../agent/running-agent.ts";
import { BY_ADDRESS, pod, throughBridge } from "../golden/ruleset-builder.ts";
import { nftOrThrow } from "./nft-command.ts";
import { ip } from "./other-cni/commands.ts";
import { createOtherCniLab, type OtherCniLab } from "./other-cni/lab.ts";
import { placeOf, police } from "./other-cni/policed.ts";
import { expectVerdicts, FAMILIES, GATEWAY, PODS, tcp, wishOf } from "./other-cni/wish.ts";

setDefaultTimeout(60_000);

const OTHER_BRIDGE = "cni1";
const OTHER_ADDRESSES = ["10.69.0.10", "fd00:69::a"] as Address[];

/** Wires one more pod, x/beyond, to a bridge of its own. */
function addOtherBridge(lab: OtherCniLab): void {
  const place: PodPlace = {
    key: "x/beyond",
    network: lab.network(),
    addresses: OTHER_ADDRESSES,
    interfaceName: "veth69" as InterfaceName,
  };
  ip(
    lab.node.network,
    `link add ${OTHER_BRIDGE} type bridge forward_delay 0`,
    `address add 10.69.0.1/24 dev ${OTHER_BRIDGE}`,
    `address add fd00:69::1/64 dev ${OTHER_BRIDGE} nodad`,
    `link set ${OTHER_BRIDGE} up`,
    `link add veth69 type veth peer name eth0 netns ${place.network.path}`,
    `link set veth69 master ${OTHER_BRIDGE}`,
    "link set veth69 up",
  );
  ip(
    place.network,
    "link set lo up",
    "link set eth0 up",
    "address add 10.69.0.10/24 dev eth0",
    "address add fd00:69::a/64 dev eth0 nodad",
    "route add default via 10.69.0.1",
    "route add default via fd00:69::1",
  );
  lab.pods.set(place.key, place);
}

/** The ruleset with these endpoints beside, or instead of, its own. */
function withEndpoints(ruleset: Ruleset, endpoints: readonly EndpointRules[]): Ruleset {
  const all = new Map(ruleset.endpoints);
  for (const one of endpoints) all.set(one.id, one);
  return { ...ruleset, endpoints: all };
}

function claims(lab: OtherCniLab, from: string): LabFlow[] {
  return FAMILIES.map((family: Family, index) => ({
    ...tcp(family, from, "x/server", 80),
    claimedSource: placeOf(lab, "x/client").addresses[index] ?? "",
  }));
}

const beyond = pod("x/beyond", OTHER_ADDRESSES, { attachment: throughBridge(OTHER_BRIDGE) });
const NO_RANGES = { podRanges: [] };

test.each<[string, Partial<NftDataplaneOptions>, { readonly podRanges?: readonly string[] }]>([
  ["in closed ranges", {}, {}],
  ["outside of all ranges", {}, NO_RANGES],
  ["where no range is closed", { unknownEndpoint: "accept" }, {}],
])("who is not on its bridge cannot claim a pod's address %s", async (_, options, { podRanges }) => {
  using lab = createOtherCniLab(PODS);
  addOtherBridge(lab);
  using policed = police(lab, options);
  const wish = wishOf(lab, { without: ["x/stranger"], ...(podRanges && { podRanges }) });
  const unknown = ["outside", "x/stranger", "x/alone", "x/beyond"].flatMap((from) => claims(lab, from));
  const allowed = [
    ...claims(lab, "x/client"),
    ...FAMILIES.map((family) => tcp(family, "node", "x/client", 7)),
  ];
  await policed.enforce(wish);
  await expectVerdicts(lab, { allowed, denied: unknown });
  await policed.enforce(withEndpoints(wish, [beyond]));
  await expectVerdicts(lab, { allowed, denied: unknown });
});

test("whose interface nobody knows may be claimed by anybody, until it is known", async () => {
  using lab = createOtherCniLab(PODS);
  using policed = police(lab);
  const forged = claims(lab, "outside");
  const honest = claims(lab, "x/client");
  const wish = wishOf(lab);
  const unplaced = pod("x/client", placeOf(lab, "x/client").addresses, { attachment: BY_ADDRESS });
  for (let turn = 0; turn < 2; turn++) {
    await policed.enforce(withEndpoints(wish, [unplaced]));
    await expectVerdicts(lab, { allowed: [...forged, ...honest], denied: [] });
    await policed.enforce(wish);
    await expectVerdicts(lab, { allowed: honest, denied: forged });
  }
  expect(policed.dataplane.status.epoch).toBe(1);
});

test("pods of two bridges reach each other, the node and the outside, and are reached", async () => {
  using lab = createOtherCniLab(PODS);
  addOtherBridge(lab);
  using policed = police(lab);
  await policed.enforce(withEndpoints(wishOf(lab), [beyond]));
  const allowed = FAMILIES.flatMap((family) => [
    tcp(family, "x/beyond", "x/client", 7),
    tcp(family, "x/client", "x/beyond", 7),
    tcp(family, "x/beyond", "x/alone", 90),
    tcp(family, "x/beyond", "outside", 7),
    tcp(family, "outside", "x/beyond", 7),
    tcp(family, "node", "x/beyond", 7),
    tcp(family, "x/beyond", "node", 7),
    tcp(family, "x/beyond", GATEWAY[family], 7),
    tcp(family, "x/client", "x/server", 80),
  ]);
  const denied = FAMILIES.flatMap((family) => [
    tcp(family, "x/beyond", "x/server", 80),
    tcp(family, "x/shut", "x/beyond", 7),
  ]);
  await expectVerdicts(lab, { allowed, denied });
});

test("a pod reaches its neighbour on the bridge by the address of a service", async () => {
  using lab = createOtherCniLab(PODS);
  const [client, server] = [placeOf(lab, "x/client"), placeOf(lab, "x/server")];
  const translated = ["ip daddr 10.96.0.1 dnat ip", "ip6 daddr fd00:96::1 dnat ip6"].map(
    (match, index) => `${match} to ${server.addresses[index]};`,
  );
  const chain = `chain services { type nat hook prerouting priority -100; ${translated.join(" ")} }`;
  nftOrThrow(lab.node.network, ["-f", "-"], `table inet services { ${chain}; }`);
  using policed = police(lab);
  await policed.enforce(wishOf(lab));
  let answers = 0;
  using listener = server.network.run(() =>
    Bun.listen({
      hostname: "::",
      port: 80,
      socket: { open: (one) => void one.end("served"), data: () => {} },
    }),
  );
  const socket = { data: () => void answers++, error: () => {} };
  for (const hostname of ["10.96.0.1", "fd00:96::1"]) {
    client.network.run(() => void Bun.connect({ hostname, port: listener.port, socket }).catch(() => {}));
  }
  await until(() => answers === 2);
});
