import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Address } from "../../../model/address.ts";
import { until } from "../../agent/running-agent.ts";
import { answers } from "../../netns/pod-link/pods.ts";
import { call, type Container, container, NOTHING, type Said } from "./plugin/by-hand.ts";
import { CALICO, NETWORK, PluginMachine } from "./plugin/plugin-machine.ts";
import { removePod, runPod } from "./plugin/pods.ts";
import {
  knownNamespaces,
  leases,
  openFiles,
  privateBytes,
  traces,
  untilNothingIsLeft,
} from "./plugin/traces.ts";

const PODS = 200;
const BY_CRI = 20;
const ROUNDS = Number(process.env["TORTIE_PLUGIN_ROUNDS"] ?? 1);

let node: PluginMachine;
beforeAll(async () => {
  node = await PluginMachine.start({ podCidrs: ["10.1.0.0/16", "fd00:1::/64"] });
  const names = Array.from({ length: PODS }, (_, at) => `pod-${at}`);
  node.announce(...names.map((name) => ({ name })));
  await node.startAgent([CALICO]);
}, 120_000);
afterAll(() => node[Symbol.asyncDispose]());

/** Where the next addresses of IPv4 come from. */
function leaseFrom(address: string): void {
  const directory = node.path(`var/lib/cni/networks/${NETWORK}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/last_reserved_ip.0`, address);
}

async function wired(count: number): Promise<void> {
  await until(async () => (await node.readiness())?.body.includes(`, ${count} container`) ?? false);
}

function addressesOf({ output }: Said): readonly string[] {
  const { ips } = output as { readonly ips: readonly { readonly address: string }[] };
  return ips.map(({ address }) => address.split("/")[0] ?? "");
}

async function all(verb: "ADD" | "DEL", containers: readonly Container[]): Promise<readonly Said[]> {
  const began = performance.now();
  const said = await Promise.all(containers.map((one) => call(node, verb, one)));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const { all: files } = openFiles(node.agent.process.pid);
  const megabytes = (privateBytes(node.agent.process.pid) / 1e6).toFixed(0);
  process.stdout.write(
    `${verb} of ${said.length} at once: ${seconds} s; the agent: ${files} files, ${megabytes} MB\n`,
  );
  return said;
}

test(
  `${PODS} ADDs at once and ${PODS} DELs at once leave nothing, in the kernel, on the disk or in the agent`,
  async () => {
    const { pid } = node.agent.process;
    const before = { files: openFiles(pid), namespaces: knownNamespaces(node) };
    for (let round = 0; round < ROUNDS; round++) {
      leaseFrom("10.1.0.200");
      using pods = new DisposableStack();
      const containers = Array.from({ length: PODS }, (_, at) => container(`pod-${at}`, `c-${round}-${at}`));
      for (const { network } of containers) pods.use(network);
      const added = await all("ADD", containers);
      expect(added.filter(({ exitCode, complaint }) => exitCode !== 0 || complaint !== "")).toEqual([]);
      const addresses = added.flatMap(addressesOf);
      expect(new Set(addresses).size).toBe(2 * PODS);
      // Beyond the /24 that they began in.
      expect(addresses).toContain("10.1.1.1");
      expect(leases(node).toSorted()).toEqual(addresses.toSorted());
      // A link, a record, and for each address a route, a lease and a rule.
      expect(traces(node)).toHaveLength(PODS * (2 + 2 * 3));
      await wired(PODS);
      for (let at = 0; at < PODS; at += PODS / 4) {
        const [one, other] = [at, PODS - 1 - at].map((index) => ({
          network: containers[index]?.network ?? node.machine.network,
          address: addressesOf(added[index] ?? NOTHING)[0] as Address,
        }));
        if (one === undefined || other === undefined) throw new Error("unreachable");
        expect(answers({ from: one, to: other })).toBe(true);
      }
      const deleted = await all("DEL", containers);
      expect(deleted.filter(({ exitCode, complaint }) => exitCode !== 0 || complaint !== "")).toEqual([]);
      // Nobody waits longer than a second for a busy agent.
      await wired(0);
      expect(traces(node)).toEqual([]);
      pods.dispose();
      await until(() => knownNamespaces(node) === before.namespaces);
    }
    expect(openFiles(pid).namespaces).toBe(0);
    // What the last answers were asked by is closed a moment after they were given.
    await until(() => openFiles(pid).all <= before.files.all + 1);
  },
  120_000 * ROUNDS,
);

test(`${BY_CRI} pods at once by the runtime, twice: nothing is left of them`, async () => {
  await node.startContainerd();
  await node.untilNetworkReady();
  for (const _round of [1, 2]) {
    const names = Array.from({ length: BY_CRI }, (_, at) => `pod-${at}`);
    const running = await Promise.all(names.map((name) => runPod(node, name)));
    expect(new Set(running.flatMap(({ addresses }) => addresses)).size).toBe(2 * BY_CRI);
    await wired(BY_CRI);
    await Promise.all(running.map((pod) => removePod(node, pod)));
    await untilNothingIsLeft(node);
    await wired(0);
    expect(await node.containerd.cri.listPodSandboxes()).toEqual([]);
  }
}, 120_000);
