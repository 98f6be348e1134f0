import { expect, setDefaultTimeout, test } from "bun:test";
import type { LabFlow } from "../../demo/lab/flow.ts";
import { type Address, addressBytes } from "../../model/address.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { nft, nftOrThrow } from "./nft-command.ts";
import { ip } from "./other-cni/commands.ts";
import { BRIDGE, createOtherCniLab } from "./other-cni/lab.ts";
import { police } from "./other-cni/policed.ts";
import { expectVerdicts, FAMILIES, GATEWAY, PODS, tcp, wishOf } from "./other-cni/wish.ts";

setDefaultTimeout(60_000);

/** Everything that a pod may say and hear without a policy of its own. */
function flowsOf(pod: string, others: readonly string[]): LabFlow[] {
  return FAMILIES.flatMap((family): LabFlow[] => [
    ...others.flatMap((other): LabFlow[] => [
      tcp(family, pod, other, 7),
      tcp(family, other, pod, 7),
      { from: pod, to: other, protocol: "ICMP", family },
    ]),
    tcp(family, GATEWAY[family], pod, 7),
    { ...tcp(family, pod, "node", 53), protocol: "UDP" },
  ]);
}

test.each([
  ["x/client", "on the bridge"],
  ["x/stranger", "on a veth pair"],
])(
  "what %s says and hears %s is closed while no agent knows it, unless that is switched off",
  async (pod) => {
    using lab = createOtherCniLab(PODS);
    const others = ["x/client", "x/stranger", "node", "outside"].filter((key) => key !== pod);
    const flows = flowsOf(pod, others);
    const rest = FAMILIES.map((family) => tcp(family, "x/alone", "outside", 7));
    {
      using policed = police(lab);
      await policed.enforce(wishOf(lab));
      await expectVerdicts(lab, { allowed: [...flows, ...rest], denied: [] });
      await policed.enforce(wishOf(lab, { without: [pod] }));
      await expectVerdicts(lab, { allowed: rest, denied: flows });
      await policed.enforce(wishOf(lab));
      await expectVerdicts(lab, { allowed: [...flows, ...rest], denied: [] });
    }
    using lenient = police(lab, { unknownEndpoint: "accept" });
    await lenient.enforce(wishOf(lab, { without: [pod] }));
    await expectVerdicts(lab, { allowed: [...flows, ...rest], denied: [] });
  },
);

test("ranges come late, change and go: what they hold is closed from then on, and open again", async () => {
  using lab = createOtherCniLab(PODS);
  using policed = police(lab);
  const without = ["x/client", "x/stranger"];
  const flows = (pod: string) => flowsOf(pod, ["outside"]);
  const [onBridge, onVeth] = [flows("x/client"), flows("x/stranger")];
  for (const { podRanges, allowed, denied } of [
    { podRanges: [], allowed: [...onBridge, ...onVeth], denied: [] },
    { podRanges: ["10.66.0.0/24", "fd00:66::/64"], allowed: onVeth, denied: onBridge },
    { podRanges: ["10.66.0.0/15", "fd00:66::/31"], allowed: [], denied: [...onBridge, ...onVeth] },
    { podRanges: ["10.67.0.0/28", "fd00:67::/124"], allowed: onBridge, denied: onVeth },
    { podRanges: [], allowed: [...onBridge, ...onVeth], denied: [] },
  ]) {
    await policed.enforce(wishOf(lab, { without, podRanges }));
    await expectVerdicts(lab, { allowed, denied });
    expect(policed.dataplane.status.epoch).toBe(1);
  }
});

test("an interface that begins as ours do is closed while nobody knows it, whatever is said of other addresses", async () => {
  using lab = createOtherCniLab([...PODS, { key: "x/own", wiring: "cali" }]);
  using policed = police(lab, { unknownEndpoint: "accept" });
  await policed.enforce(wishOf(lab));
  await expectVerdicts(lab, { allowed: [], denied: flowsOf("x/own", ["x/client", "x/stranger", "outside"]) });
});

test("the node hears what it sends to a group of its pods itself", async () => {
  using lab = createOtherCniLab(PODS);
  using policed = police(lab);
  await policed.enforce(wishOf(lab));
  const { network } = lab.node;
  ip(network, `route add 224.0.0.0/4 dev ${BRIDGE}`);
  const heard = `table inet heard { chain heard { type filter hook input priority 400; ip daddr 224.0.0.1 counter; }; }`;
  nftOrThrow(network, ["-f", "-"], heard);
  const source = GATEWAY[4];
  using socket = network.run(() => ProbeSocket.bindUdp({ address: addressBytes(source), port: 5353 }));
  expect(socket.send(Buffer.from("any"), { address: addressBytes("224.0.0.1" as Address), port: 5353 })).toBe(
    true,
  );
  expect(nft(network, ["list", "table", "inet", "heard"]).output).toContain("packets 1");
});
