import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { checkPodLink } from "../../dataplane/link/check-pod-link.ts";
import { configurePodLink } from "../../dataplane/link/configure-pod-link.ts";
import { createPodLink } from "../../dataplane/link/create-pod-link.ts";
import { driftsOf } from "../../dataplane/link/host-end-settings.ts";
import { PodLinkError } from "../../dataplane/link/pod-link-error.ts";
import type { Address } from "../../model/address.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import { LinkSysctls } from "../../native/link-sysctls.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { answers, createNode, NODE_ADDRESSES, podPlan, wirePod } from "./pod-link/pods.ts";

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

test.each([68, 576, 1279])("a pod without IPv6 is wired with an MTU of %d", (mtu) => {
  const host = opened.use(createNode());
  const pod = opened.use(NetworkNamespace.create());
  const plan = podPlan(pod, "a", ["10.65.0.1"], { mtu });
  wirePod(host, plan);
  const [hostAddress = "" as Address] = NODE_ADDRESSES;
  const from = { network: host, address: hostAddress };
  expect(answers({ from, to: { network: pod, address: "10.65.0.1" as Address }, bytes: 32 })).toBe(true);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
  // The kernel took IPv6 off both ends, so there is nothing that could drift.
  expect(host.run(() => existsSync(`/proc/sys/net/ipv6/conf/${plan.hostInterface}`))).toBe(false);
  using kernel = host.run(() => new LinkSysctls());
  const found = kernel.read({ name: plan.hostInterface });
  if (found === undefined) throw new Error("the host end is gone");
  const endpoint = "pod" as unknown as EndpointId;
  expect(driftsOf(found, { endpoint, hasIpv6: false })).toEqual([]);
});

test("a pod with IPv6 is wired with the smallest MTU that IPv6 allows", () => {
  const host = opened.use(createNode());
  const pod = opened.use(NetworkNamespace.create());
  const plan = podPlan(pod, "a", ["10.65.0.1", "fd00:65::1"], { mtu: 1280 });
  wirePod(host, plan);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
});

test("a pod with IPv6 and a smaller MTU is refused by name", () => {
  const host = opened.use(createNode());
  const plan = podPlan(opened.use(NetworkNamespace.create()), "a", ["10.65.0.1", "fd00:65::1"], {
    mtu: 1279,
  });
  const link = host.run(() => createPodLink(plan));
  let told: unknown;
  try {
    host.run(() => configurePodLink(plan, link));
  } catch (error) {
    told = error;
  }
  expect(told).toBeInstanceOf(PodLinkError);
  expect(told).toMatchObject({
    kind: "noIpv6",
    message:
      "could not give fd00:65::1 to the container: mtu is 1279, and IPv6 needs 1280 at least; set a larger mtu in the " +
      "network's configuration, or for the agent where it says 0; or give the node no IPv6 podCIDR",
  });
});
