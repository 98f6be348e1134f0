import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { checkPodLink } from "../../dataplane/link/check-pod-link.ts";
import { createPodLink } from "../../dataplane/link/create-pod-link.ts";
import { PodLinkError } from "../../dataplane/link/pod-link-error.ts";
import {
  type RemovedPodLink,
  removePodLink,
  takeOverStaleLink,
} from "../../dataplane/link/remove-pod-link.ts";
import type { Address } from "../../model/address.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Link } from "../../native/link-message.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { ip } from "./other-cni/commands.ts";
import { answers, createNode, NODE_ADDRESSES, podPlan, wirePod } from "./pod-link/pods.ts";

const ROOT = join(import.meta.dir, "..", "..");
const ADDRESSES = ["10.65.0.1", "fd00:65::1"];

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

function linkNamed(network: NetworkNamespace, name: string): Link | undefined {
  using kernel = network.run(() => new Rtnetlink());
  return kernel.link({ name });
}

/** What is left of pods on the host: routes of ours. */
function ourRoutes(network: NetworkNamespace): number {
  using kernel = network.run(() => new Rtnetlink());
  return (
    kernel.routes({ family: 4, protocol: 116 }).length + kernel.routes({ family: 6, protocol: 116 }).length
  );
}

test("removePodLink takes both ends and the routes off, and a second time finds nothing", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ADDRESSES);
  wirePod(host, plan);
  expect(ourRoutes(host)).toBe(2);
  const { hostInterface, containerId } = plan;
  expect(host.run(() => removePodLink({ hostInterface, containerId }))).toBe("removed");
  expect(host.run(() => removePodLink({ hostInterface, containerId }))).toBe("absent");
  expect(linkNamed(plan.namespace, "eth0")).toBeUndefined();
  expect(ourRoutes(host)).toBe(0);
});

test("another container's link is left alone, whatever namespace is named", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ADDRESSES);
  wirePod(host, plan);
  const others: RemovedPodLink = { kind: "others", containerId: plan.containerId };
  const { hostInterface } = plan;
  for (const named of [{}, { namespace: plan.namespace }, { namespace: namespace() }])
    expect(host.run(() => removePodLink({ hostInterface, containerId: "older", ...named }))).toEqual(others);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
});

test("a link without a mark is removed only for the namespace that its other end is in", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ADDRESSES);
  wirePod(host, plan);
  ip(host, `link set ${plan.hostInterface} alias ""`);
  const { hostInterface, containerId } = plan;
  const remove = (more: { readonly namespace?: NetworkNamespace }) =>
    host.run(() => removePodLink({ hostInterface, containerId, ...more }));
  expect(remove({})).toEqual({ kind: "others" });
  expect(remove({ namespace: namespace() })).toEqual({ kind: "others" });
  expect(remove({ namespace: host })).toEqual({ kind: "others" });
  expect(remove({ namespace: plan.namespace })).toBe("removed");
});

test("a link whose namespace ended goes by itself, and nothing is left to remove", async () => {
  const host = node();
  const pod = NetworkNamespace.create();
  const plan = podPlan(pod, "a", ADDRESSES);
  wirePod(host, plan);
  pod[Symbol.dispose]();
  const { hostInterface, containerId } = plan;
  // Whichever is faster, the kernel or we.
  expect(["removed", "absent"]).toContain(
    host.run(() => removePodLink({ hostInterface, containerId })) as string,
  );
  while (linkNamed(host, hostInterface) !== undefined) await Bun.sleep(1);
  expect(ourRoutes(host)).toBe(0);
});

test("takeOverStaleLink makes room for a pod's new sandbox and says whose the old link was", () => {
  const host = node();
  const old = { ...podPlan(namespace(), "a", ADDRESSES), containerId: "old" };
  const { hostInterface } = old;
  const take = () => host.run(() => takeOverStaleLink(hostInterface));
  expect(take()).toBe("absent");
  wirePod(host, old);
  expect(take()).toEqual({ kind: "takenOver", containerId: "old" });
  const plan = podPlan(namespace(), "a", ["10.65.0.2"] as Address[]);
  wirePod(host, plan);
  const onHost = { network: host, address: NODE_ADDRESSES[0] as Address };
  expect(answers({ from: onHost, to: { network: plan.namespace, address: "10.65.0.2" as Address } })).toBe(
    true,
  );
  // The old container's DEL comes late.
  const late: RemovedPodLink = { kind: "others", containerId: plan.containerId };
  expect(host.run(() => removePodLink({ ...old, containerId: "old" }))).toEqual(late);
  ip(host, `link set ${hostInterface} alias ""`);
  expect(take()).toEqual({ kind: "takenOver" });
});

test("takeOverStaleLink leaves alone what is no pod's", () => {
  const host = node();
  ip(host, "link add cali0 type bridge");
  expect(() => host.run(() => takeOverStaleLink("cali0" as InterfaceName))).toThrow(
    'could not use the interface name "cali0": the host has an interface of this name that is no pod\'s (bridge); ' +
      "rename or delete it",
  );
  expect(() => host.run(() => takeOverStaleLink("lo" as InterfaceName))).toThrow(PodLinkError);
  expect(linkNamed(host, "cali0")).toBeDefined();
});

/** Makes and configures the link in a process that kills itself before its n-th call into the kernel; gives whether it did. */
function killedBefore(host: NetworkNamespace, pod: NetworkNamespace, call: number): boolean {
  const script = `
    const { NetworkNamespace } = await import(${JSON.stringify(join(ROOT, "native/network-namespace.ts"))});
    const { Rtnetlink } = await import(${JSON.stringify(join(ROOT, "native/rtnetlink.ts"))});
    const { wirePod, podPlan } = await import(${JSON.stringify(join(ROOT, "test/netns/pod-link/pods.ts"))});
    let calls = 0;
    for (const name of ["change", "link", "route"]) {
      const original = Rtnetlink.prototype[name];
      Rtnetlink.prototype[name] = function (...given) {
        if (calls++ === ${call}) process.kill(process.pid, "SIGKILL");
        return original.apply(this, given);
      };
    }
    const host = NetworkNamespace.open("/proc/self/ns/net");
    wirePod(host, podPlan(NetworkNamespace.open(${JSON.stringify(pod.path)}), "a", ${JSON.stringify(ADDRESSES)}));`;
  const child = host.run(() => Bun.spawnSync([process.execPath, "-e", script], { stderr: "inherit" }));
  return child.signalCode === "SIGKILL";
}

test("kill -9 between any two calls into the kernel leaves nothing that DEL does not find, and ADD begins anew", () => {
  const host = node();
  const pod = namespace();
  const plan = podPlan(pod, "a", ADDRESSES);
  let kills = 0;
  while (killedBefore(host, pod, kills)) {
    kills++;
    expect(["removed", "absent"]).toContain(host.run(() => removePodLink(plan)) as string);
    expect(linkNamed(host, plan.hostInterface)).toBeUndefined();
    expect(linkNamed(pod, "eth0")).toBeUndefined();
    expect(ourRoutes(host)).toBe(0);
  }
  expect(kills).toBeGreaterThan(8);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
  // What is whole is taken over, too.
  expect(host.run(() => takeOverStaleLink(plan.hostInterface))).toEqual({
    kind: "takenOver",
    containerId: plan.containerId,
  });
});

test("several pods wired and removed at once by processes of their own do not meet", async () => {
  const host = node();
  const pods = Array.from({ length: 6 }, (_, at) => podPlan(namespace(), `pod${at}`, [`10.65.1.${at + 1}`]));
  const children = pods.map(({ namespace: pod, addresses }, at) => {
    const script = `
      const { NetworkNamespace } = await import(${JSON.stringify(join(ROOT, "native/network-namespace.ts"))});
      const { wirePod, podPlan } = await import(${JSON.stringify(join(ROOT, "test/netns/pod-link/pods.ts"))});
      const { removePodLink } = await import(${JSON.stringify(join(ROOT, "dataplane/link/remove-pod-link.ts"))});
      const host = NetworkNamespace.open("/proc/self/ns/net");
      const plan = podPlan(NetworkNamespace.open(${JSON.stringify(pod.path)}), "pod${at}", ${JSON.stringify(addresses)});
      for (let round = 0; round < 4; round++) {
        if (round > 0) removePodLink(plan);
        wirePod(host, plan);
      }`;
    return host.run(() => Bun.spawn([process.execPath, "-e", script], { stderr: "inherit" }));
  });
  expect(await Promise.all(children.map((child) => child.exited))).toEqual(pods.map(() => 0));
  for (const plan of pods) expect(host.run(() => checkPodLink(plan))).toEqual([]);
  for (const plan of pods) expect(host.run(() => removePodLink(plan))).toBe("removed");
  expect(ourRoutes(host)).toBe(0);
});

test("createPodLink alone leaves both ends down and without addresses", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ADDRESSES);
  host.run(() => createPodLink(plan));
  for (const link of [linkNamed(host, plan.hostInterface), linkNamed(plan.namespace, "eth0")])
    expect(link).toMatchObject({ up: false, operational: false, mtu: 1450 });
  expect(ourRoutes(host)).toBe(0);
});
