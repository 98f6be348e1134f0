import { expect, test } from "bun:test";
import { healthReport } from "../health/components.ts";
import type { Cidr } from "../model/cidr.ts";
import type { Problem } from "../model/problem.ts";
import type { Update } from "../model/update.ts";
import { createCompiler } from "../policy/compiler.ts";
import type { PodNetwork, PodNetworkHooks } from "./pods/pod-network.ts";
import { type AgentParts, runAgent } from "./run.ts";
import type { HostListener } from "./host/node-host.ts";
import { type AgentStatus, createStatus } from "./status.ts";
import {
  APPLIED,
  collectedLog,
  endpointUpdate,
  FAILED,
  fakeDataplane,
  fakeDatastore,
  until,
} from "./test-parts.ts";

const PROBLEM: Problem = {
  where: "a.yaml",
  path: "",
  value: "",
  message: "not YAML",
  consequence: "nothing of it is read",
};

function start(parts: Partial<AgentParts> = {}) {
  const dataplane = fakeDataplane();
  const datastore = fakeDatastore();
  const status: AgentStatus = createStatus();
  const collected = collectedLog();
  const stopping = new AbortController();
  let changed = (): void => {};
  const ended = runAgent({
    datastore,
    compiler: createCompiler(),
    dataplane,
    status,
    log: collected.log,
    watchTable: (callback) => {
      changed = callback;
      return { [Symbol.dispose]: () => {} };
    },
    stopping: stopping.signal,
    delay: () => 60_000,
    ...parts,
  });
  const stop = async (): Promise<void> => {
    dataplane.finish(APPLIED);
    stopping.abort();
    await ended;
  };
  const ready = (): boolean => healthReport(status, performance.now()).ready;
  return { dataplane, datastore, status, ...collected, ended, stop, ready, drift: () => changed() };
}

test("nothing reaches the kernel before in sync; ready after the first ruleset", async () => {
  const { dataplane, datastore, messages, ready, stop } = start();
  datastore.emit({ kind: "status", status: { kind: "waiting", for: "the directory", next: "create it" } });
  datastore.emit({ kind: "updates", updates: [endpointUpdate("a")], noticedAt: 0 });
  await until(() => messages().includes("datastore waits"));
  expect(dataplane.passes).toEqual([]);
  expect(ready()).toBe(false);
  datastore.emit({ kind: "status", status: { kind: "connected" } }, { kind: "inSync" });
  await dataplane.begun(1);
  expect(ready()).toBe(false);
  dataplane.finish(APPLIED);
  await until(ready);
  expect(dataplane.passes).toEqual([["x/a"]]);
  await stop();
  expect(messages()).toEqual(["datastore waits", "datastore connected", "in sync", "settled"]);
});

test("a failed pass is logged and not ready", async () => {
  const { dataplane, datastore, text, ready, stop } = start();
  datastore.emit({ kind: "status", status: { kind: "connected" } }, { kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(FAILED);
  await until(() => text().includes("settling failed"));
  expect(ready()).toBe(false);
  expect(text()).toContain('"message":"settling failed","tried":"send","found":"EPERM"');
  await stop();
});

test("a problem is logged once when it appears and once when it is mended", async () => {
  const { datastore, status, messages, stop } = start();
  datastore.emit({ kind: "problems", problems: [PROBLEM] });
  datastore.emit({ kind: "problems", problems: [PROBLEM, { ...PROBLEM, where: "b.yaml" }] });
  await until(() => status.problems.length === 2);
  datastore.emit({ kind: "problems", problems: [] });
  await until(() => status.problems.length === 0);
  await stop();
  expect(messages()).toEqual(["problem", "problem", "problem mended", "problem mended"]);
});

test("foreign hands in the table: it is built anew", async () => {
  const { dataplane, datastore, drift, stop } = start();
  datastore.emit({ kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(APPLIED);
  drift();
  expect(dataplane.resyncs).toBe(1);
  await dataplane.begun(2);
  await stop();
});

test("a dataplane that throws ends the agent with its error", async () => {
  const { dataplane, datastore, ended } = start();
  datastore.emit({ kind: "inSync" });
  await dataplane.begun(1);
  dataplane.fail(new Error("a bug"));
  expect(ended).rejects.toThrow("a bug");
});

test("a datastore that ends by itself ends the agent with an error", async () => {
  const { datastore, ended } = start();
  datastore.end();
  expect(ended).rejects.toThrow("ended by itself");
});

test("conditions of the datastore and of the host make one list; each is told once", async () => {
  let told: HostListener["conditions"] = () => {};
  const { datastore, status, messages, ready, dataplane, stop } = start({
    watchHost: (listener) => {
      told = listener.conditions;
      told([{ kind: "notice", text: "host" }]);
      return { place: (updates) => updates, [Symbol.dispose]: () => {} };
    },
  });
  const words = (): string[] => status.conditions.map(({ text }) => text);
  expect(words()).toEqual(["host"]);
  datastore.emit({ kind: "status", status: { kind: "connected" } }, { kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(APPLIED);
  await until(ready);
  datastore.emit({ kind: "conditions", conditions: [{ kind: "failure", text: "no such node" }] });
  await until(() => words().length === 2);
  expect(ready()).toBe(false);
  told([]);
  datastore.emit({ kind: "conditions", conditions: [] });
  await until(ready);
  await stop();
  const about = messages().filter((message) => message.startsWith("condition"));
  expect(about).toEqual(["condition", "condition", "condition ended", "condition ended"]);
});

test("updates pass the host on their way, and what it moves reaches the kernel", async () => {
  let moved: HostListener["moved"] = () => {};
  const { datastore, dataplane, stop } = start({
    watchHost: (listener) => {
      moved = listener.moved;
      return { place: (updates) => [...updates, endpointUpdate("placed")], [Symbol.dispose]: () => {} };
    },
  });
  datastore.emit({ kind: "updates", updates: [endpointUpdate("a")], noticedAt: 0 }, { kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(APPLIED);
  moved([endpointUpdate("b")]);
  await dataplane.begun(2);
  expect(dataplane.passes).toEqual([
    ["x/a", "x/placed"],
    ["x/a", "x/b", "x/placed"],
  ]);
  await stop();
});

test("updates pass our plugin's pods, which hear of every status and of what is in force", async () => {
  const heard: string[] = [];
  let hooks: PodNetworkHooks | undefined;
  const { datastore, dataplane, stop } = start({
    openPodNetwork: (given) => {
      hooks = given;
      return {
        place: (updates) => [...updates, endpointUpdate("wired")],
        changed: () => void heard.push("changed"),
        inForce: (_, touched) => void heard.push([...touched].toSorted().join(" ")),
        listening: Promise.resolve(),
        [Symbol.dispose]: () => void heard.push("closed"),
      };
    },
  });
  datastore.emit({ kind: "updates", updates: [endpointUpdate("a")], noticedAt: 0 }, { kind: "inSync" });
  await dataplane.begun(1);
  hooks?.take([endpointUpdate("added")]);
  const carried = hooks?.carried();
  dataplane.finish(APPLIED);
  await dataplane.begun(2);
  dataplane.finish(APPLIED);
  expect(await carried).toEqual(APPLIED);
  await stop();
  expect(dataplane.passes).toEqual([
    ["x/a", "x/wired"],
    ["x/a", "x/added", "x/wired"],
  ]);
  expect(heard).toEqual(["changed", "x/a x/wired", "x/added", "closed"]);
});

/** Our plugin's pods, with what tests of them have no eye for. */
function podNetwork(parts: Partial<PodNetwork>): PodNetwork {
  return {
    place: (updates) => updates,
    changed: () => {},
    inForce: () => {},
    listening: Promise.resolve(),
    [Symbol.dispose]: () => {},
    ...parts,
  };
}

test("no pod gets its route while its rules are not in the kernel", async () => {
  const heard: string[] = [];
  const inForce: PodNetwork["inForce"] = (_, touched) => void heard.push([...touched].join(" "));
  const openPodNetwork = (): PodNetwork => podNetwork({ inForce });
  const { datastore, dataplane, stop } = start({ delay: () => 1, openPodNetwork });
  datastore.emit({ kind: "updates", updates: [endpointUpdate("a")], noticedAt: 0 }, { kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(FAILED);
  await dataplane.begun(2);
  expect(heard).toEqual([]);
  dataplane.finish(APPLIED);
  await until(() => heard.length > 0);
  expect(heard).toEqual(["x/a"]);
  await stop();
});

test("runtimes may not call the plugin before it is listened to", async () => {
  const heard: string[] = [];
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  const { datastore, dataplane, stop, ready } = start({
    openPodNetwork: () => podNetwork({ listening }),
    keepCniConfig: () => {
      heard.push("written");
      return { [Symbol.dispose]: () => {} };
    },
  });
  datastore.emit({ kind: "status", status: { kind: "connected" } }, { kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(APPLIED);
  await until(ready);
  await new Promise((soon) => setImmediate(soon));
  expect(heard).toEqual([]);
  resolve();
  await until(() => heard.length > 0);
  await stop();
});

test("runtimes may call the plugin once the first rules are in force, and not before", async () => {
  const heard: string[] = [];
  const { datastore, dataplane, stop, status } = start({
    delay: () => 1,
    keepCniConfig: (told) => {
      told([{ kind: "notice", text: "written" }]);
      heard.push("written");
      return { [Symbol.dispose]: () => void heard.push("left") };
    },
  });
  datastore.emit({ kind: "inSync" });
  await dataplane.begun(1);
  dataplane.finish(FAILED);
  await dataplane.begun(2);
  expect(heard).toEqual([]);
  dataplane.finish(APPLIED);
  await until(() => heard.length === 1);
  expect(status.conditions).toEqual([{ kind: "notice", text: "written" }]);
  await stop();
  expect(heard).toEqual(["written", "left"]);
});

test("pools are part of the first rules, and followed", async () => {
  const pool = (natOutgoing: boolean): Update => {
    const cidr = "10.65.0.0/16" as Cidr;
    return { kind: "pool", cidr, value: { cidr, natOutgoing } };
  };
  const compiler = createCompiler();
  let changed: (updates: readonly Update[]) => void = () => {};
  const { datastore, dataplane, stop } = start({
    compiler,
    watchPools: (listener) => {
      changed = listener.changed;
      return { updates: () => [pool(true)], [Symbol.dispose]: () => {} };
    },
  });
  datastore.emit({ kind: "inSync" });
  await dataplane.begun(1);
  expect(compiler.ruleset.masquerade.from).toHaveLength(1);
  dataplane.finish(APPLIED);
  changed([pool(false)]);
  await dataplane.begun(2);
  expect(compiler.ruleset.masquerade.from).toEqual([]);
  await stop();
});
