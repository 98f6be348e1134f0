import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPodLink } from "../../dataplane/link/check-pod-link.ts";
import { configurePodLink } from "../../dataplane/link/configure-pod-link.ts";
import { createPodLink } from "../../dataplane/link/create-pod-link.ts";
import type { PodNetworkPlan } from "../../dataplane/link/pod-link.ts";
import { PodLinkError } from "../../dataplane/link/pod-link-error.ts";
import { raisePodLink } from "../../dataplane/link/raise-pod-link.ts";
import { removePodLink } from "../../dataplane/link/remove-pod-link.ts";
import { type Address, addressBytes } from "../../model/address.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { ip } from "./other-cni/commands.ts";
import { createNode, podPlan, wirePod } from "./pod-link/pods.ts";

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

function namespace(): NetworkNamespace {
  return opened.use(NetworkNamespace.create());
}

function node(): NetworkNamespace {
  return opened.use(createNode());
}

interface Refusal {
  readonly kind: string;
  readonly message: string;
}

function refusal(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof PodLinkError) return { kind: error.kind, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

function linkNames(network: NetworkNamespace): string[] {
  return [...ip(network, "link show").matchAll(/^\d+: ([^:@]+)/gm)].map((match) => match[1] ?? "");
}

const NEXT_NAME = "give a name of 1 to 15 bytes without spaces and without / : %";

test.each([
  ["sixteen-bytes-ab", "it has 16 bytes"],
  ["", "it has 0 bytes"],
  ["ünïcödé-näme", "it has 17 bytes"],
  ["a b", "it holds a space or one of / : %"],
  ["a/b", "it holds a space or one of / : %"],
  ["a:b", "it holds a space or one of / : %"],
  ["eth%d", "it holds a space or one of / : %"],
  ["all", "this name means something else to the kernel"],
  ["default", "this name means something else to the kernel"],
  ["..", "this name means something else to the kernel"],
])("the interface name %p is refused", (name, found) => {
  const host = node();
  const plan = podPlan(namespace(), "a", ["10.65.0.1"]);
  expect(refusal(() => host.run(() => createPodLink({ ...plan, podInterface: name })))).toEqual({
    kind: "badName",
    message: `could not call the container's interface "${name}": ${found}; ${NEXT_NAME}`,
  });
  const hostInterface = name as InterfaceName;
  expect(refusal(() => host.run(() => createPodLink({ ...plan, hostInterface })))).toEqual({
    kind: "badName",
    message: `could not call the host's interface "${name}": ${found}; ${NEXT_NAME}`,
  });
  expect(linkNames(host)).toEqual(["lo"]);
});

test("a name that the pod or the host has already is refused, and nothing is made", () => {
  const host = node();
  const pod = namespace();
  const plan = podPlan(pod, "a", ["10.65.0.1"]);
  ip(pod, "link add eth0 type bridge");
  expect(refusal(() => host.run(() => createPodLink(plan)))).toEqual({
    kind: "podNameTaken",
    message:
      `could not make the link "${plan.hostInterface}" of container container-of-a: the container has an interface ` +
      '"eth0" already; ask for another name (CNI_IFNAME), or delete the one that is there',
  });
  expect(linkNames(host)).toEqual(["lo"]);
  ip(host, `link add ${plan.hostInterface} type bridge`);
  const hostTaken = (whose: string): Refusal => ({
    kind: "hostNameTaken",
    message:
      `could not make the link "${plan.hostInterface}" of container container-of-a: the host has an interface of ` +
      `this name already, ${whose}; delete it first`,
  });
  const again = (): Refusal =>
    refusal(() => host.run(() => createPodLink({ ...plan, podInterface: "eth1" })));
  expect(again()).toEqual(hostTaken("nobody wrote down whose it is"));
  ip(host, `link set ${plan.hostInterface} alias other`);
  expect(again()).toEqual(hostTaken("it is container other's"));
  expect(linkNames(pod)).toEqual(["lo", "eth0"]);
});

test("the host's own namespace is refused", () => {
  const host = node();
  const plan = podPlan(host, "a", ["10.65.0.1"]);
  expect(refusal(() => host.run(() => createPodLink(plan)))).toEqual({
    kind: "hostNamespace",
    message:
      "could not wire container container-of-a: its network namespace is the host's own; " +
      "a pod on the host's network needs no plugin: is CNI_NETNS right?",
  });
  expect(linkNames(host)).toEqual(["lo"]);
});

test.each([
  ["IPv4", "10.65.0.1"],
  ["IPv6", "fd00:65::1"],
])("%s: a route that another interface owns is named", async (_, address) => {
  const host = node();
  const other = podPlan(namespace(), "other", [address]);
  wirePod(host, other);
  const plan = podPlan(namespace(), "a", [address]);
  const owned = (owner: string): Refusal => ({
    kind: "routeOwned",
    message:
      `could not lead ${address} to the container: the host's route to it belongs to ${owner}; another container ` +
      "or another program has this address: free it there, or the lease of it here",
  });
  expect(refusal(() => wirePod(host, plan))).toEqual(owned(other.hostInterface));
  host.run(() => removePodLink(plan));
  // Gone with its link: what a container leaves that vanished is in nobody's way.
  host.run(() => removePodLink(other));
  wirePod(host, plan);
  host.run(() => removePodLink(plan));
  ip(host, `address add ${address} dev lo`);
  using kernel = host.run(() => new Rtnetlink());
  // A kernel worker makes it the host's own, for IPv6.
  while (kernel.route(addressBytes(address as Address))?.unicast !== false) await Bun.sleep(1);
  expect(refusal(() => wirePod(host, plan))).toEqual(owned("the host itself"));
});

test.each([
  ["IPv4", "10.65.0.1"],
  ["IPv6", "fd00:65::1"],
])("%s: a route that was added meanwhile is ours if it leads to the link, else it is named", (_, address) => {
  const host = node();
  const plan = podPlan(namespace(), "a", [address]);
  const link = host.run(() => createPodLink(plan));
  ip(host, `link set ${plan.hostInterface} up`, `route add ${address} dev ${plan.hostInterface} proto 116`);
  host.run(() => {
    configurePodLink(plan, link);
    raisePodLink(plan, link);
  });
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
});

test("a second default route in the pod is refused in the kernel's words", () => {
  const host = node();
  const pod = namespace();
  const plan = podPlan(pod, "a", ["10.65.0.1"]);
  ip(pod, "link add eth9 type bridge", "link set eth9 up", "route add default dev eth9");
  const { kind, message } = refusal(() => wirePod(host, plan));
  expect(kind).toBe("refused");
  expect(message).toStartWith(
    "could not set up the link in the container: could not add the route to 0.0.0.0/0 by",
  );
});

test("an MTU that the kernel refuses is told in its words", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ["10.65.0.1"], { mtu: 17 });
  const { kind, message } = refusal(() => wirePod(host, plan));
  expect(kind).toBe("refused");
  expect(message).toContain("(EINVAL)");
  expect(linkNames(host)).toEqual(["lo"]);
});

test.each([
  ["net_admin", "PodLinkError", "notPermitted"],
  ["sys_admin", "NetworkNamespaceError", "missingRight"],
])("without CAP_%s it says which right is missing", (right, name, kind) => {
  const host = node();
  const pod = namespace();
  const root = join(import.meta.dir, "..", "..");
  const script = `
    const { NetworkNamespace } = await import(${JSON.stringify(join(root, "native/network-namespace.ts"))});
    const { podPlan, wirePod } = await import(${JSON.stringify(join(root, "test/netns/pod-link/pods.ts"))});
    const host = { run: (work) => work() };
    try {
      wirePod(host, podPlan(NetworkNamespace.open(${JSON.stringify(pod.path)}), "a", ["10.65.0.1"]));
    } catch (error) {
      process.stdout.write([error.name, error.kind, error.message].join(" "));
    }`;
  const words = ["setpriv", "--bounding-set", `-${right}`, process.execPath, "-e", script];
  const said = host.run(() => Bun.spawnSync(words)).stdout.toString();
  expect(said).toStartWith(`${name} ${kind} could not `);
  expect(said).toContain("(EPERM)");
  const plan = podPlan(pod, "a", ["10.65.0.1"]);
  // What was begun is the caller's to remove.
  expect(host.run(() => removePodLink(plan))).toBe(right === "net_admin" ? "absent" : "removed");
});

/** A kernel without IPv6, as far as its settings tell. */
function settingsWithoutIpv6(plan: PodNetworkPlan): string {
  const directory = mkdtempSync(join(tmpdir(), "tortie-settings-"));
  opened.defer(() => rmSync(directory, { recursive: true }));
  const names = ["rp_filter", "route_localnet", "proxy_arp", "forwarding"].map(
    (name) => `conf/${plan.hostInterface}/${name}`,
  );
  for (const name of [...names, `neigh/${plan.hostInterface}/proxy_delay`, "ip_forward"]) {
    mkdirSync(join(directory, "ipv4", name, ".."), { recursive: true });
    writeFileSync(join(directory, "ipv4", name), "9");
  }
  return directory;
}

test("a kernel without IPv6 is asked for none, and a pod that wants it is refused", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ["10.65.0.1"]);
  const settingsDirectory = settingsWithoutIpv6(plan);
  const link = host.run(() => createPodLink(plan, { settingsDirectory }));
  host.run(() => {
    configurePodLink(plan, link, { settingsDirectory });
    raisePodLink(plan, link);
  });
  const setting = (name: string): string => readFileSync(join(settingsDirectory, "ipv4", name), "utf8");
  expect(setting("ip_forward")).toBe("0");
  expect(setting(`conf/${plan.hostInterface}/rp_filter`)).toBe("1");
  expect(existsSync(join(settingsDirectory, "ipv6"))).toBe(false);
  expect(host.run(() => checkPodLink(plan, { settingsDirectory }))).toEqual([]);

  const both = { ...plan, addresses: ["10.65.0.1", "fd00:65::1"] as Address[] };
  expect(refusal(() => host.run(() => configurePodLink(both, link, { settingsDirectory })))).toEqual({
    kind: "noIpv6",
    message:
      "could not give fd00:65::1 to the container: this host's kernel does not speak IPv6; " +
      "start it without ipv6.disable=1, or give the node no IPv6 podCIDR",
  });
  rmSync(join(settingsDirectory, "ipv4/ip_forward"));
  const { kind, message } = refusal(() =>
    host.run(() => configurePodLink(plan, link, { settingsDirectory })),
  );
  expect(kind).toBe("refused");
  expect(message).toStartWith("could not set ipv4/ip_forward to 0: ENOENT");
});

test("a link that lost its pod in the middle is refused, not waited for", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ["10.65.0.1"]);
  const link = host.run(() => createPodLink(plan));
  using kernel = host.run(() => new Rtnetlink());
  kernel.change({ kind: "deleteLink", index: link.hostIndex });
  expect(refusal(() => host.run(() => configurePodLink(plan, link))).kind).toBe("refused");
  expect(refusal(() => host.run(() => raisePodLink(plan, link))).kind).toBe("refused");
});
