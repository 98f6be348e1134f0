import { expect, test } from "bun:test";
import { ip } from "../netns/other-cni/commands.ts";
import { applyPolicy } from "./objects.ts";
import { NAMESPACE, startPluggedNode } from "./plugged-node.ts";

const PODS = ["web", "client", "guest"];

/** What two pods without policies may say and hear, or nothing of it. */
function everything(fate: boolean): Record<string, boolean> {
  return {
    "shop/client > shop/web 80": fate,
    "shop/web > shop/client 80": fate,
    "shop/client > outside 443": fate,
    "outside > shop/client 80": fate,
    // The node asks, and hears no answer.
    "node > shop/web 80": fate,
    "shop/web > node 443": fate,
  };
}

function ofNext(fate: boolean): Record<string, boolean> {
  return {
    "shop/next > shop/client 80": fate,
    "shop/next > outside 443": fate,
    "shop/client > shop/next 80": fate,
    "node > shop/next 80": fate,
  };
}

const POLICED: Readonly<Record<string, boolean>> = {
  "shop/client > shop/web 80": true,
  "shop/client > shop/web 81": false,
  "shop/guest > shop/web 80": false,
  "outside > shop/web 80": false,
  "node > shop/web 80": true,
  "node > shop/guest 80": true,
  "shop/web > shop/client 80": true,
  "shop/web > shop/guest 80": true,
  "shop/guest > shop/client 80": false,
  "shop/guest > outside 443": false,
  "shop/guest > node 443": false,
  "shop/client > outside 443": true,
};

test.each(["ptp", "bridge"] as const)(
  "pods that %s of containernetworking wired are policed without a plugin of ours",
  async (plugin) => {
    await using node = await startPluggedNode(plugin);
    for (const pod of PODS) node.wire(pod);
    const links = ip(node.lab.node.network, "link show type veth");
    expect(links).not.toContain("cali");
    expect(links.match(/master plugged0/g)?.length ?? 0).toBe(plugin === "bridge" ? PODS.length : 0);

    // Wired, and not yet known: closed.
    await node.becomes(everything(false), node.closed);
    for (const pod of PODS) await node.announce(pod, { app: pod });
    await node.becomes({ ...everything(true), "shop/guest > shop/web 80": true });

    await applyPolicy(node.cluster, NAMESPACE, "web", {
      podSelector: { matchLabels: { app: "web" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: "client" } } }], ports: [{ port: 80 }] }],
    });
    await applyPolicy(node.cluster, NAMESPACE, "guest", {
      podSelector: { matchLabels: { app: "guest" } },
      policyTypes: ["Egress"],
    });
    await node.becomes(POLICED);

    // The guest goes, and with all other addresses taken the next pod has its own: no rule and no right is left of it.
    node.wire("last");
    const addresses = node.lab.pods.get("shop/guest")?.addresses;
    node.unwire("guest");
    await node.forget("guest");
    expect(node.wire("next")).toEqual(addresses ?? []);
    await node.becomes(ofNext(false), node.closed);
    await node.announce("next", { app: "next" });
    await node.becomes(ofNext(true));
    await node.becomes({
      "shop/next > shop/web 80": false,
      "shop/client > shop/web 80": true,
      "shop/client > shop/web 81": false,
    });
  },
  120_000,
);
