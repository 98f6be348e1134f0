import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { followHost } from "../../dataplane/route/follow-host.ts";
import { createPlacement, type Placement } from "../../dataplane/route/placement.ts";
import { openRtnetlinkEvents } from "../../native/rtnetlink-events.ts";
import { addressFamily } from "../../model/address.ts";
import { parseCidr } from "../../model/cidr.ts";
import type { Update } from "../../model/update.ts";
import { type Compiler, createCompiler } from "../../policy/compiler.ts";
import { allow, peer, pod, podsOf, policy, port, put } from "../../policy/test-objects.ts";
import { ip } from "./other-cni/commands.ts";
import { BRIDGE, createOtherCniLab, type OtherCniLab } from "./other-cni/lab.ts";
import { police } from "./other-cni/policed.ts";
import { ALL_RANGES, expectVerdicts, FAMILIES, PODS, tcp } from "./other-cni/wish.ts";

setDefaultTimeout(60_000);

/** Longer than any test. */
const NEVER = 3_600_000;

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

/** Only app `client` may reach pods of x with the label `app: server` or `app: alone`, on port 80. */
const POLICIES = ["server", "alone"].map((app) =>
  policy(
    `x/${app}`,
    { ingress: [allow([peer(podsOf("x", "client"))], [port(80)])] },
    { subjects: podsOf("x", app) },
  ),
);
const NODE: Update = {
  kind: "node",
  name: "node",
  value: { name: "node", podCidrs: ALL_RANGES.flatMap((range) => parseCidr(range) ?? []) },
};

interface Node {
  readonly lab: OtherCniLab;
  readonly placement: Placement;
  readonly compiler: Compiler;
  /** The way of updates in the agent: placed, compiled, into the kernel. */
  readonly take: (updates: readonly Update[]) => Promise<void>;
  readonly attachment: (pod: string) => string | undefined;
  /** Waits until the host's changes led to this attachment, and it is in force; the test's own timeout ends it. */
  readonly becomes: (pod: string, attachment: string) => Promise<void>;
}

function openNode(gatherMilliseconds: number): Node {
  const lab = opened.use(createOtherCniLab(PODS));
  const network = lab.node.network;
  const policed = opened.use(police(lab));
  const compiler = createCompiler();
  let working: Promise<void> = Promise.resolve();
  async function enforce(updates: readonly Update[]): Promise<void> {
    compiler.apply(updates);
    const { dataplane } = policed;
    dataplane.want(compiler.ruleset, compiler.takeTouched());
    const settled = await dataplane.settle();
    if (settled.kind !== "applied" && settled.kind !== "unchanged") throw new Error(JSON.stringify(settled));
  }
  const take = (updates: readonly Update[]): Promise<void> => {
    working = working.then(() => enforce(updates));
    return working;
  };
  const host = opened.use(
    network.run(() =>
      followHost({
        changed: () => void take(placement.again()),
        openEvents: (options) => network.run(() => openRtnetlinkEvents(options)),
        gatherMilliseconds,
        pauseMilliseconds: 0,
      }),
    ),
  );
  const placement = createPlacement(host);
  const attachment = (key: string): string | undefined => {
    const rules = [...compiler.ruleset.endpoints.values()].find(({ id }) => id === key);
    return rules?.attachment.kind === "interface" ? rules.attachment.name : rules?.attachment.kind;
  };
  return {
    lab,
    placement,
    compiler,
    take: (updates) => take(placement.place(updates)),
    attachment,
    becomes: async (key, wanted) => {
      while (attachment(key) !== wanted) await Bun.sleep(1);
      await working;
    },
  };
}

function podsOfLab(lab: OtherCniLab): Update[] {
  return [...lab.pods].map(([key, { addresses }]) => put(pod(key, addresses.join(" "))));
}

async function openPolicedNode(gatherMilliseconds = 0): Promise<Node> {
  const node = openNode(gatherMilliseconds);
  await node.take([NODE, ...POLICIES.map(put), ...podsOfLab(node.lab)]);
  return node;
}

const allowed = FAMILIES.flatMap((family) => [
  tcp(family, "x/client", "x/server", 80),
  tcp(family, "x/client", "x/alone", 80),
  tcp(family, "node", "x/alone", 7),
  tcp(family, "x/server", "x/stranger", 7),
  tcp(family, "x/alone", "x/client", 7),
  tcp(family, "x/alone", "outside", 7),
]);
const denied = FAMILIES.flatMap((family) => [
  tcp(family, "x/client", "x/server", 81),
  tcp(family, "x/client", "x/alone", 81),
  tcp(family, "x/stranger", "x/alone", 80),
  tcp(family, "x/stranger", "x/server", 80),
  tcp(family, "x/shut", "x/server", 80),
  tcp(family, "outside", "x/alone", 80),
]);

test("pods as ptp and as bridge wire them are found by the host's routes and policed", async () => {
  const { lab, attachment, placement } = await openPolicedNode();
  const wired = PODS.map(({ key, wiring }) => {
    return [key, wiring === "bridge" ? "address" : lab.pods.get(key)?.interfaceName];
  });
  expect(PODS.map(({ key }) => [key, attachment(key)])).toEqual(wired as [string, string][]);
  expect(placement.bridges().map(({ name, family, endpoints }) => [name, family, endpoints.length])).toEqual([
    [BRIDGE, 4, 3],
    [BRIDGE, 6, 3],
  ]);
  await expectVerdicts(lab, { allowed, denied });
});

test("an interface that is renamed takes its pod's policy along", async () => {
  const { lab, becomes } = await openPolicedNode();
  const before = lab.pods.get("x/alone")?.interfaceName ?? "";
  ip(lab.node.network, `link set ${before} name renamed0`);
  await becomes("x/alone", "renamed0");
  await expectVerdicts(lab, { allowed, denied });
});

test("until the host's change is seen, a pod on another interface is closed", async () => {
  const { lab } = await openPolicedNode(NEVER);
  ip(lab.node.network, `link set ${lab.pods.get("x/alone")?.interfaceName} name renamed0`);
  const closed = FAMILIES.flatMap((family) => [
    tcp(family, "x/client", "x/alone", 80),
    tcp(family, "x/stranger", "x/alone", 80),
    tcp(family, "outside", "x/alone", 80),
    tcp(family, "x/alone", "x/stranger", 7),
    tcp(family, "x/alone", "outside", 7),
  ]);
  await expectVerdicts(lab, { allowed: [], denied: closed });
});

test("a pod whose route comes after it is closed or policed, and then reached", async () => {
  const { lab, becomes, attachment } = await openPolicedNode();
  const place = lab.pods.get("x/alone");
  const routes = (verb: string) =>
    (place?.addresses ?? []).map((address) => {
      const length = addressFamily(address) === 4 ? 32 : 128;
      return `route ${verb} ${address}/${length} dev ${place?.interfaceName} scope link`;
    });
  ip(lab.node.network, ...routes("del"));
  await becomes("x/alone", "address");
  await expectVerdicts(lab, { allowed: [], denied: denied.filter(({ to }) => to === "x/alone") });
  ip(lab.node.network, ...routes("add"));
  await becomes("x/alone", place?.interfaceName ?? "");
  expect(attachment("x/alone")).toBe(place?.interfaceName);
  await expectVerdicts(lab, { allowed, denied });
});

test("two pods that begin and cease to share an interface are policed all the while", async () => {
  const { lab, becomes, take } = await openPolicedNode();
  const place = lab.pods.get("x/alone");
  const own = place?.interfaceName ?? "";
  // A second pod behind the same interface, as a machine with containers of its own would be.
  ip(place?.network ?? lab.node.network, "address add 10.67.0.99/32 dev eth0");
  ip(lab.node.network, `route add 10.67.0.99/32 dev ${own} scope link`);
  const second = pod("x/second", "10.67.0.99", { labels: { app: "server" } });
  await take([put(second)]);
  await becomes("x/second", "address");
  await becomes("x/alone", "address");
  const both = { allowed, denied };
  await expectVerdicts(lab, both);
  await take([{ kind: "endpoint", id: second.id, value: undefined }]);
  await becomes("x/alone", own);
  await expectVerdicts(lab, both);
});

test("an interface that passes to another pod judges by that pod's policies", async () => {
  const { lab, becomes, take } = await openPolicedNode();
  const { addresses = [], interfaceName: own = "" } = lab.pods.get("x/alone") ?? {};
  await take([put(pod("x/alone", addresses.join(" "), { deleting: true }))]);
  await take([put(pod("x/heir", addresses.join(" "), { startedAt: 2 }))]);
  await becomes("x/heir", own);
  await becomes("x/alone", "address");
  // The heir is under no policy.
  const open = FAMILIES.flatMap((family) => [
    tcp(family, "x/stranger", "x/alone", 80),
    tcp(family, "outside", "x/alone", 81),
  ]);
  await expectVerdicts(lab, { allowed: open, denied: [] });
});
