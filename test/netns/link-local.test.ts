import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressFamily, type Family } from "../../model/address.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { askHealth, type RunningAgent, startTortie, until } from "../agent/running-agent.ts";
import { nftOrThrow } from "./nft-command.ts";
import { ip, setSysctl } from "./other-cni/commands.ts";
import { BRIDGE, createOtherCniLab, type OtherCniLab } from "./other-cni/lab.ts";
import { placeOf, police } from "./other-cni/policed.ts";
import { PODS, wishOf } from "./other-cni/wish.ts";

setDefaultTimeout(60_000);

const PORT = 999;
const NODE_NAME = "node-1";

/** The link-local address that the kernel gave the interface. */
function linkLocal(network: NetworkNamespace, device: string): string {
  const address = /inet6 (fe80:[0-9a-f:]+)/.exec(ip(network, `address show dev ${device}`))?.[1];
  if (address === undefined) throw new Error(`${device} has no link-local address`);
  return address;
}

/** A server on every address of the namespace; `heard` counts who came. */
function listen(network: NetworkNamespace): Disposable & { readonly heard: () => number } {
  let heard = 0;
  const open = () => void heard++;
  const listener = network.run(() =>
    Bun.listen({ hostname: "::", port: PORT, socket: { open, data: () => {} } }),
  );
  return { heard: () => heard, [Symbol.dispose]: () => listener.stop(true) };
}

/** Begins a connection from a pod to a link-local address; whether it is answered is told elsewhere. */
function knock(from: NetworkNamespace, address: string): void {
  const socket = { open: (one: Bun.Socket) => void one.end(), data: () => {}, error: () => {} };
  from.run(() => {
    Bun.connect({ hostname: `${address}%eth0`, port: PORT, socket }).catch(() => {});
  });
}

function droppedOnLink({ node }: OtherCniLab): number {
  const listed = nftOrThrow(node.network, ["list", "chain", "inet", TABLE, "e1-on-link"]);
  return Number(/packets (\d+)/.exec(listed)?.[1] ?? 0);
}

/** The lab's pods as a cluster of these families has them; x/shut may send nothing, and nobody may send to x/server. */
function manifestsOf(lab: OtherCniLab, families: readonly Family[] = [4, 6]): string {
  const pods = [...lab.pods.values()].map(({ key, addresses: all }) => {
    const addresses = all.filter((address) => families.includes(addressFamily(address)));
    const [namespace, name] = key.split("/");
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace, name, labels: { pod: name } },
      spec: { nodeName: NODE_NAME, containers: [] },
      status: {
        phase: "Running",
        podIP: addresses[0],
        podIPs: addresses.map((address) => ({ ip: address })),
      },
    };
  });
  const closed = [
    ["shut", "Egress"],
    ["server", "Ingress"],
  ].map(([name, direction]) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace: "x", name },
    spec: { podSelector: { matchLabels: { pod: name } }, policyTypes: [direction] },
  }));
  return [...pods, ...closed].map((object) => JSON.stringify(object)).join("\n---\n");
}

/** An agent on the lab's node that reads these manifests; it is killed at the end. */
function startAgent({ node }: OtherCniLab, manifests: string): RunningAgent & Disposable {
  const directory = mkdtempSync(join(tmpdir(), "tortie-link-local-"));
  writeFileSync(join(directory, "all.yaml"), manifests);
  const agent = startTortie(node.network, ["agent"], {
    PATH: process.env["PATH"] ?? "",
    NODENAME: NODE_NAME,
    DATASTORE_PATH: directory,
    CALICO_MANAGE_CNI: "false",
    TORTIE_GRACESECONDS: "0",
  });
  return {
    ...agent,
    [Symbol.dispose]: () => {
      agent.process.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

test("a pod on a bridge reaches neither another nor the node by a link-local address", async () => {
  using lab = createOtherCniLab(PODS);
  const [shut, server] = [placeOf(lab, "x/shut").network, placeOf(lab, "x/server").network];
  const addresses = [linkLocal(server, "eth0"), linkLocal(lab.node.network, BRIDGE)];
  using ofServer = listen(server);
  using ofNode = listen(lab.node.network);
  for (const address of addresses) knock(shut, address);
  await until(() => ofServer.heard() === 1 && ofNode.heard() === 1);
  using policed = police(lab);
  await policed.enforce(wishOf(lab));
  for (const address of addresses) {
    const before = droppedOnLink(lab);
    knock(shut, address);
    // The first packet and one repetition.
    await until(() => droppedOnLink(lab) >= before + 2);
  }
  expect([ofServer.heard(), ofNode.heard()]).toEqual([1, 1]);
  // Nor may the node's own neighbours be lost by it.
  expect(
    await lab.probe([{ from: "x/client", to: "x/server", protocol: "TCP", port: 80, family: 6 }]),
  ).toEqual([true]);
});

test("nor where the whole agent finds the bridge by the node's routes", async () => {
  using lab = createOtherCniLab(PODS);
  const [shut, server] = [placeOf(lab, "x/shut").network, placeOf(lab, "x/server").network];
  const addresses = [linkLocal(server, "eth0"), linkLocal(lab.node.network, BRIDGE)];
  using ofServer = listen(server);
  using ofNode = listen(lab.node.network);
  for (const address of addresses) knock(shut, address);
  await until(() => ofServer.heard() === 1 && ofNode.heard() === 1);
  using _agent = startAgent(lab, manifestsOf(lab));
  await until(async () => (await askHealth(lab.node.network, "/readiness"))?.status === 200);
  expect(nftOrThrow(lab.node.network, ["list", "set", "inet", TABLE, "e1-bridges"])).toContain(`"${BRIDGE}"`);
  for (const address of addresses) {
    const before = droppedOnLink(lab);
    knock(shut, address);
    await until(() => droppedOnLink(lab) >= before + 2);
  }
  expect([ofServer.heard(), ofNode.heard()]).toEqual([1, 1]);
  const flow = { from: "x/client", protocol: "TCP", port: 80, family: 6 } as const;
  expect(
    await lab.probe([
      { ...flow, to: "x/shut" },
      { ...flow, to: "x/server" },
    ]),
  ).toEqual([true, false]);
});

test("in a cluster of IPv4 a bridge that asks no hook of IPv6 opens them, and the node is not ready until it asks", async () => {
  using lab = createOtherCniLab(PODS);
  const node = lab.node.network;
  const shut = placeOf(lab, "x/shut").network;
  const server = placeOf(lab, "x/server").network;
  const address = linkLocal(server, "eth0");
  using ofServer = listen(server);
  setSysctl(node, "net/bridge/bridge-nf-call-ip6tables", "0");
  using _agent = startAgent(lab, manifestsOf(lab, [4]));
  await until(async () => {
    const { status, body = "" } = (await askHealth(node, "/readiness")) ?? {};
    return status === 503 && new RegExp(`pods on bridge ${BRIDGE} .* over link-local IPv6`).test(body);
  });
  await until(() => nftOrThrow(node, ["list", "table", "inet", TABLE]).includes(`"${BRIDGE}"`));
  knock(shut, address);
  await until(() => ofServer.heard() === 1);
  // The bridge's own switch serves as well, and is noticed at once.
  ip(node, `link set ${BRIDGE} type bridge nf_call_ip6tables 1`);
  await until(async () => (await askHealth(node, "/readiness"))?.status === 200);
  const before = droppedOnLink(lab);
  knock(shut, address);
  await until(() => droppedOnLink(lab) >= before + 2);
  expect(ofServer.heard()).toBe(1);
});
