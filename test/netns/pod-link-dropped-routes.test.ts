import { afterEach, expect, test } from "bun:test";
import { checkPodLink } from "../../dataplane/link/check-pod-link.ts";
import { PodLinkError } from "../../dataplane/link/pod-link-error.ts";
import { removePodLink } from "../../dataplane/link/remove-pod-link.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ip } from "./other-cni/commands.ts";
import { createNode, podPlan, wirePod } from "./pod-link/pods.ts";

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

const KINDS = ["blackhole", "unreachable", "prohibit", "throw"];
const ADDRESSES = [
  ["10.65.0.1", "ip route", "/32"],
  ["fd00:65::1", "ip -6 route", "/128"],
] as const;

test.each(KINDS.flatMap((kind) => ADDRESSES.map((one) => [kind, ...one] as const)))(
  "a %s route to %s is named, and in nobody's way once it is gone",
  (kind, address, command, length) => {
    const host = opened.use(createNode());
    const plan = podPlan(opened.use(NetworkNamespace.create()), "a", [address]);
    // Of a whole range, it is in nobody's way.
    ip(host, `route add ${kind} ${address.replace(/1$/, "0")}${length === "/32" ? "/24" : "/64"}`);
    ip(host, `route add ${kind} ${address}${length}`);
    let told: unknown;
    try {
      wirePod(host, plan);
    } catch (error) {
      told = error;
    }
    expect(told).toBeInstanceOf(PodLinkError);
    expect(told).toMatchObject({
      kind: "routeOwned",
      message:
        `could not lead ${address} to the container: the host has a ${kind} route to it; ` +
        `delete it: ${command} del ${kind} ${address}`,
    });
    host.run(() => removePodLink(plan));
    ip(host, `route del ${kind} ${address}${length}`);
    wirePod(host, plan);
    expect(host.run(() => checkPodLink(plan))).toEqual([]);
    ip(host, `route del ${address}`, `route add ${kind} ${address}${length}`);
    expect(host.run(() => checkPodLink(plan))).toEqual([
      `the host has a ${kind} route to ${address}, wanted is ${plan.hostInterface}`,
    ]);
  },
);
