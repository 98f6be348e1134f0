import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { CniNode, type Container } from "./cni/cni-node.ts";

const KILLED = new URL("cni/killed-plugin.ts", import.meta.url).pathname;
const PODS = { podCidrs: ["10.1.0.0/24", "fd00:1::/64"] };
const done = { exitCode: 0, output: undefined, complaint: "" };
/** Far more than there are: so many would mean that the plugin never ends. */
const MOST_STEPS = 100;

/** Calls the plugin and kills it at the step; whether there was such a step, and its name. */
async function killed(
  node: CniNode,
  verb: string,
  container: Container,
  step: number,
): Promise<string | undefined> {
  const said = await node.call(verb, container, { command: [process.execPath, KILLED, String(step)] });
  if (said.exitCode === 0) return undefined;
  expect(said).toMatchObject({ exitCode: 137, output: undefined });
  return said.complaint;
}

async function steps(of: (step: number) => Promise<string | undefined>): Promise<string[]> {
  const names: string[] = [];
  for (let step = 1; step < MOST_STEPS; step++) {
    const name = await of(step);
    if (name === undefined) return names;
    names.push(name);
  }
  throw new Error(`it never ends: ${names.join()}`);
}

test("ADD killed at any step, and DEL leaves nothing", async () => {
  using node = new CniNode(PODS);
  const names = await steps(async (step) => {
    const container = node.container(`c-${step}`, "web");
    // Each run begins like the first of a boot: otherwise the second's steps would be others than the first's.
    rmSync(join(node.paths.directory, "boot-id"), { force: true });
    const name = await killed(node, "ADD", container, step);
    expect(await node.call("DEL", container)).toEqual(done);
    expect({ name, traces: node.traces(), interfaces: node.interfaces(container) }).toEqual({
      name,
      traces: [],
      interfaces: [],
    });
    return name;
  });
  for (const name of [
    "during locks.take",
    "before records.write",
    "during leases.lease",
    "before links.configure",
    "during agent.request",
    "before links.raise",
  ])
    expect(names).toContain(name);
}, 60_000);

test("ADD killed at any step, and ADD once more wires the pod", async () => {
  using node = new CniNode(PODS);
  await steps(async (step) => {
    const container = node.container(`c-${step}`, "web");
    const name = await killed(node, "ADD", container, step);
    const said = await node.call("ADD", container);
    expect({ name, ...said }).toMatchObject({ name, exitCode: 0, complaint: "" });
    expect(node.traces().filter((trace) => trace.startsWith("lease"))).toHaveLength(2);
    expect(await node.call("DEL", container)).toEqual(done);
    expect(node.traces()).toEqual([]);
    return name;
  });
}, 60_000);

test("ADD killed at any step, and ADD of the pod's next sandbox wires it", async () => {
  using node = new CniNode(PODS);
  await steps(async (step) => {
    const [old, young] = [node.container(`c-${step}`, "web"), node.container(`d-${step}`, "web")];
    const name = await killed(node, "ADD", old, step);
    expect({ name, ...(await node.call("ADD", young)) }).toMatchObject({ name, exitCode: 0, complaint: "" });
    // What the old one left without a link, its lease and record, goes with its own DEL.
    const ours = node.traces().filter((trace) => !/^lease|^record c-|^lock c-/.test(trace));
    expect(await node.call("DEL", old)).toEqual(done);
    expect(node.traces().filter((trace) => !trace.startsWith("lease"))).toEqual(ours);
    expect(await node.call("DEL", young)).toEqual(done);
    expect(node.traces()).toEqual([]);
    return name;
  });
}, 60_000);

test("DEL killed at any step, and DEL once more leaves nothing", async () => {
  using node = new CniNode(PODS);
  const names = await steps(async (step) => {
    const container = node.container(`c-${step}`, "web");
    expect((await node.call("ADD", container)).exitCode).toBe(0);
    const name = await killed(node, "DEL", container, step);
    expect(await node.call("DEL", container)).toEqual(done);
    expect({ name, traces: node.traces() }).toEqual({ name, traces: [] });
    return name;
  });
  for (const name of [
    "during agent.request",
    "before links.remove",
    "before records.remove",
    "during leases.release",
  ])
    expect(names).toContain(name);
}, 60_000);
