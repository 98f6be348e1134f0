import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { CniNode } from "./cni/cni-node.ts";

const PODS = 200;
const AT_ONCE = 20;

/** How many processes keep a namespace of these open: whoever leaks a handle keeps the pod's namespace alive. */
function holders(namespaces: ReadonlySet<string>): number {
  const held = (pid: string): string[] => {
    try {
      return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return [];
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => held(pid).some((target) => namespaces.has(target))).length;
}

async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const one of rest) await work(one);
    }),
  );
}

test(`${PODS} pods come and go at once, and leak nothing`, async () => {
  using node = new CniNode({ podCidrs: ["10.1.0.0/22", "fd00:1::/64"] });
  const containers = Array.from({ length: PODS }, (_, at) => node.container(`c-${at}`));
  const addresses = new Set<string>();
  await inTurns(containers, async (container) => {
    const { exitCode, output, complaint } = await node.call("ADD", container);
    expect({ exitCode, complaint }).toEqual({ exitCode: 0, complaint: "" });
    for (const { address } of (output as { ips: { address: string }[] }).ips) addresses.add(address);
  });
  expect(addresses.size).toBe(2 * PODS);
  const traces = node.traces();
  for (const kind of ["link", "record"])
    expect(traces.filter((trace) => trace.startsWith(kind))).toHaveLength(PODS);
  for (const kind of ["route", "lease"])
    expect(traces.filter((trace) => trace.startsWith(kind))).toHaveLength(2 * PODS);
  await inTurns(containers, async (container) => {
    expect((await node.call("DEL", container)).exitCode).toBe(0);
  });
  expect(node.traces()).toEqual([]);
  const namespaces = new Set(containers.map(({ network }) => readlinkSync(network.path)));
  expect(holders(namespaces)).toBe(0);
}, 120_000);

test("pods come while others go", async () => {
  using node = new CniNode();
  const containers = Array.from({ length: 40 }, (_, at) => node.container(`c-${at}`));
  await inTurns(containers, async (container) => {
    for (const verb of ["ADD", "DEL", "ADD", "DEL", "DEL"])
      expect(await node.call(verb, container)).toMatchObject({ exitCode: 0, complaint: "" });
  });
  expect(node.traces()).toEqual([]);
}, 120_000);
