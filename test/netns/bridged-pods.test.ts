import { expect, setDefaultTimeout, test } from "bun:test";
import { createOtherCniLab } from "./other-cni/lab.ts";
import { ip, readSysctl, setSysctl } from "./other-cni/commands.ts";
import { police } from "./other-cni/policed.ts";
import { expectVerdicts, FAMILIES, GATEWAY, OUTSIDE, PODS, tcp, wishOf } from "./other-cni/wish.ts";

setDefaultTimeout(60_000);

const allowed = FAMILIES.flatMap((family) => [
  tcp(family, "x/client", "x/server", 80),
  tcp(family, "x/alone", "x/server", 80),
  tcp(family, OUTSIDE[family][0], "x/server", 80),
  // The node reaches its pods, and by the gateway's address, which lies in the range.
  tcp(family, "node", "x/server", 443),
  tcp(family, GATEWAY[family], "x/server", 443),
  tcp(family, GATEWAY[family], "x/shut", 443),
  tcp(family, "node", "x/alone", 443),
  tcp(family, GATEWAY[family], GATEWAY[family], 443),
  tcp(family, "x/client", "node", 443),
  tcp(family, "x/client", GATEWAY[family], 443),
  tcp(family, "x/alone", GATEWAY[family], 443),
  tcp(family, "x/client", "outside", 443),
  tcp(family, "x/client", "x/alone", 90),
  tcp(family, "outside", "x/alone", 90),
  tcp(family, "x/server", "x/shut", 7),
  tcp(family, "x/client", "x/stranger", 7),
  tcp(family, "x/stranger", "x/client", 7),
  { ...tcp(family, "x/client", "x/shut", 53), protocol: "UDP" as const },
  { from: "x/client", to: "x/stranger", protocol: "ICMP" as const, family },
  { from: "x/server", to: "x/client", protocol: "ICMP" as const, family },
]);
const denied = FAMILIES.flatMap((family) => [
  tcp(family, "x/client", "x/server", 81),
  tcp(family, "x/stranger", "x/server", 80),
  tcp(family, "x/shut", "x/server", 80),
  tcp(family, OUTSIDE[family][1], "x/server", 80),
  tcp(family, "outside", "x/server", 81),
  tcp(family, "x/client", "x/alone", 80),
  tcp(family, "x/shut", "x/client", 7),
  tcp(family, "x/shut", "x/stranger", 7),
  tcp(family, "x/shut", "outside", 7),
  tcp(family, "x/shut", "node", 7),
  tcp(family, "x/shut", GATEWAY[family], 7),
  { ...tcp(family, "x/client", "x/server", 80), protocol: "UDP" as const },
  { ...tcp(family, "x/shut", "x/client", 53), protocol: "UDP" as const },
  { from: "x/client", to: "x/server", protocol: "ICMP" as const, family },
  { from: "x/shut", to: "x/client", protocol: "ICMP" as const, family },
]);

test("pods on a bridge and on veth pairs of another CNI are policed among each other, with node and outside", async () => {
  using lab = createOtherCniLab(PODS);
  expect(await lab.probe([...allowed, ...denied])).toEqual([...allowed, ...denied].map(() => true));
  using policed = police(lab);
  await policed.enforce(wishOf(lab));
  await expectVerdicts(lab, { allowed, denied });
  // IPv6 lives on neighbour discovery, which must cross the bridge, whatever policy says.
  for (const { network } of [lab.node, ...lab.pods.values()]) {
    ip(network, "neigh flush all");
  }
  await expectVerdicts(lab, { allowed, denied });
});

test("the bridge asks the hooks of IP in this namespace alone, and without that its pods are not policed", async () => {
  const switches = ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"];
  using lab = createOtherCniLab(PODS);
  using other = createOtherCniLab([]);
  using policed = police(lab);
  await policed.enforce(wishOf(lab));
  const onBridge = FAMILIES.map((family) => tcp(family, "x/client", "x/server", 81));
  const elsewhere = FAMILIES.flatMap((family) => [
    tcp(family, "x/stranger", "x/server", 80),
    tcp(family, "x/shut", "outside", 7),
  ]);
  await expectVerdicts(lab, { allowed: [], denied: [...onBridge, ...elsewhere] });
  for (const name of switches) setSysctl(lab.node.network, name, "0");
  expect(switches.map((name) => readSysctl(other.node.network, name))).toEqual(["1", "1"]);
  await expectVerdicts(lab, { allowed: onBridge, denied: elsewhere });
});

test("whose address a pod on a bridge can claim, and whose it cannot", async () => {
  using lab = createOtherCniLab(PODS);
  using policed = police(lab);
  await policed.enforce(wishOf(lab));
  const forged = (claimedSource: string, from: string, to: string, port: number, family: 4 | 6) => ({
    ...tcp(family, from, to, port),
    claimedSource,
  });
  const address = (key: string, family: 4 | 6) => lab.pods.get(key)?.addresses[family === 4 ? 0 : 1] ?? "";
  const stopped = FAMILIES.flatMap((family) => [
    // Nobody's address, the address of a pod that has an interface of its own, the node's.
    forged(family === 4 ? "10.66.0.200" : "fd00:66::200", "x/shut", "x/client", 7, family),
    forged(family === 4 ? "10.67.0.200" : "fd00:67::200", "x/shut", "outside", 7, family),
    forged(address("x/alone", family), "x/shut", "x/server", 80, family),
    forged(GATEWAY[family], "x/shut", "x/client", 7, family),
    // From an interface of its own a pod can claim nothing.
    forged(address("x/client", family), "x/stranger", "x/server", 80, family),
    forged(address("x/alone", family), "x/stranger", "x/server", 80, family),
    forged(OUTSIDE[family][0], "x/stranger", "x/server", 80, family),
    forged(GATEWAY[family], "x/stranger", "x/alone", 90, family),
    // Nor can the outside claim what is here.
    forged(address("x/alone", family), "outside", "x/server", 80, family),
    forged(family === 4 ? "10.66.0.200" : "fd00:66::200", "outside", "x/client", 7, family),
  ]);
  // One bridge, and only addresses to tell its pods: who claims his neighbour's has his neighbour's rights, and who
  // claims one that is nobody's here is under no pod's policy.
  const unseen = FAMILIES.flatMap((family) => [
    forged(address("x/client", family), "x/shut", "x/server", 80, family),
    forged(OUTSIDE[family][0], "x/shut", "x/server", 80, family),
  ]);
  await expectVerdicts(lab, { allowed: unseen, denied: stopped });
});
