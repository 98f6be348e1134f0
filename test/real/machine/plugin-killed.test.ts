import { afterAll, beforeAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Address } from "../../../model/address.ts";
import { until } from "../../agent/running-agent.ts";
import { answers } from "../../netns/pod-link/pods.ts";
import { testRuns, testSeed } from "../../worlds/seed.ts";
import { call, type Container, container, NOTHING } from "./plugin/by-hand.ts";
import { NODE_ADDRESS, PluginMachine } from "./plugin/plugin-machine.ts";
import { connections, untilNothingIsLeft } from "./plugin/traces.ts";

const RUNS = testRuns("TORTIE_PLUGIN_KILLS", 40);
const LIMIT = 30_000 + RUNS * 1_000;
const seed = testSeed();

let node: PluginMachine;
beforeAll(async () => {
  process.stdout.write(`plugin-killed.test.ts: TORTIE_SEED=${seed}\n`);
  node = await PluginMachine.start({ podCidrs: ["10.1.0.0/16", "fd00:1::/64"] });
  node.announce({ name: "web" });
  await node.startAgent();
}, 120_000);
afterAll(() => node[Symbol.asyncDispose]());

/** A moment of a call, as a part of what it takes: each as likely as any other, as fc.double's are not. */
const MOMENT = fc.integer({ min: 0, max: 1_100 }).map((thousandth) => thousandth / 1_000);

/** How many milliseconds the verb takes now, in the middle of several. */
async function lengthOf(verb: "ADD" | "DEL"): Promise<number> {
  const lengths: number[] = [];
  for (let at = 0; at < 7; at++) {
    const web = container("web", `c-${verb}-${at}`);
    using _network = web.network;
    for (const each of ["ADD", "DEL"] as const) {
      const began = performance.now();
      expect((await call(node, each, web)).exitCode).toBe(0);
      if (each === verb) lengths.push(performance.now() - began);
    }
  }
  return lengths.toSorted((a, b) => a - b)[3] ?? 0;
}

/** Calls the plugin and kills it after so many milliseconds. Gives how many it took where it ended before; undefined: killed. */
async function killed(verb: "ADD" | "DEL", of: Container, milliseconds: number): Promise<number | undefined> {
  const timers: ReturnType<typeof setTimeout>[] = [];
  const began = performance.now();
  const said = await call(node, verb, of, {
    onStart: (child) => void timers.push(setTimeout(() => child.kill("SIGKILL"), milliseconds)),
  });
  const took = performance.now() - began;
  for (const timer of timers) clearTimeout(timer);
  if (said.exitCode === 137) return undefined;
  expect(said).toMatchObject({ exitCode: 0, complaint: "" });
  return took;
}

interface Pace {
  /** Milliseconds from the call on. */
  at(moment: number): number;
  /** What became of one: how long it took, or that it was killed. */
  learn(took: number | undefined): void;
  readonly killed: number;
  readonly text: string;
}

/** Of a call that takes now this long and now that, as other processes have their turns. */
function createPace(milliseconds: number): Pace {
  let now = milliseconds;
  let count = 0;
  return {
    at: (moment) => moment * now,
    learn(took) {
      if (took === undefined) count++;
      else now = (now + took) / 2;
    },
    get killed() {
      return count;
    },
    get text() {
      return `takes ${now.toFixed(0)} ms; ${count} of ${RUNS} were killed before their end`;
    },
  };
}

/** The node has spoken with the pod, and remembers. */
function converse({ network }: Container, address: string): void {
  const from = { network: node.machine.network, address: NODE_ADDRESS.ipv4 as Address };
  expect(answers({ from, to: { network, address: address as Address } })).toBe(true);
}

async function deleted(of: Container, moment: string): Promise<void> {
  expect(await call(node, "DEL", of)).toEqual(NOTHING);
  await untilNothingIsLeft(node).catch((error: unknown) => {
    throw new Error(`killed after ${moment}: ${String(error)}`);
  });
}

test(
  `ADD killed at any of ${RUNS} moments, and DEL leaves nothing`,
  async () => {
    const pace = createPace(await lengthOf("ADD"));
    for (const [at, moment] of fc.sample(MOMENT, { seed, numRuns: RUNS }).entries()) {
      const web = container("web", `c-add-${at}`);
      using _network = web.network;
      const milliseconds = pace.at(moment);
      pace.learn(await killed("ADD", web, milliseconds));
      await deleted(web, `${milliseconds.toFixed(1)} ms of ADD`);
    }
    process.stdout.write(`ADD ${pace.text}\n`);
    expect(pace.killed).toBeGreaterThan(RUNS / 4);
  },
  LIMIT,
);

test(
  `DEL killed at any of ${RUNS} moments, and DEL once more leaves nothing`,
  async () => {
    const pace = createPace(await lengthOf("DEL"));
    for (const [at, moment] of fc.sample(MOMENT, { seed, numRuns: RUNS }).entries()) {
      const web = container("web", `c-del-${at}`);
      using _network = web.network;
      const { output } = await call(node, "ADD", web);
      const { ips } = output as { ips: readonly { readonly address: string }[] };
      converse(web, ips[0]?.address.split("/")[0] ?? "");
      expect(connections(node)).not.toEqual([]);
      const milliseconds = pace.at(moment);
      pace.learn(await killed("DEL", web, milliseconds));
      await deleted(web, `${milliseconds.toFixed(1)} ms of DEL`);
    }
    process.stdout.write(`DEL ${pace.text}\n`);
    expect(pace.killed).toBeGreaterThan(RUNS / 4);
  },
  LIMIT,
);

test(
  "the agent killed, too, at any moment, and started again before DEL or after it: nothing is left",
  async () => {
    const length = await lengthOf("ADD");
    const plans = fc.sample(fc.record({ plugin: MOMENT, agent: MOMENT }), {
      seed,
      numRuns: Math.ceil(RUNS / 10),
    });
    for (const [at, plan] of plans.entries()) {
      const web = container("web", `c-agent-${at}`);
      using _network = web.network;
      const { process: agent } = node.agent;
      const timer = setTimeout(() => agent.kill("SIGKILL"), plan.agent * length);
      await killed("ADD", web, plan.plugin * length);
      if (at % 2 === 0) expect(await call(node, "DEL", web)).toEqual(NOTHING);
      clearTimeout(timer);
      agent.kill("SIGKILL");
      await agent.exited;
      await node.startAgent();
      await deleted(
        web,
        `${(plan.plugin * length).toFixed(1)} ms of ADD, the agent after ${(plan.agent * length).toFixed(1)} ms`,
      );
      expect((await node.readiness())?.body).toContain(", 0 containers wired");
    }
  },
  LIMIT,
);

/** The real one, which waits before it leases anything for as long as a file is there, as for a disk. */
const STALLED = `#!/bin/sh
if [ "$CNI_COMMAND" = ADD ]; then
  echo $$ >/run/stalled
  while [ -e /run/stall ]; do sleep 0.01; done
fi
exec /opt/cni/real/host-local
`;

test("a host-local that outlives the plugin is waited for, or its lease would be nobody's", async () => {
  await node.machine.run(["mkdir", "/opt/cni/real"]);
  await node.machine.run(["mv", "/opt/cni/bin/host-local", "/opt/cni/real/host-local"]);
  writeFileSync(node.path("opt/cni/bin/host-local"), STALLED, { mode: 0o755 });
  writeFileSync(node.path("run/stall"), "");
  const web = container("web", "c-stalled");
  using _network = web.network;
  const adding = Promise.withResolvers<Bun.Subprocess>();
  const added = call(node, "ADD", web, { onStart: adding.resolve });
  await until(() => existsSync(node.path("run/stalled")));
  (await adding.promise).kill("SIGKILL");
  expect((await added).exitCode).toBe(137);
  let isDeleted = false;
  const deleting = call(node, "DEL", web).finally(() => (isDeleted = true));
  // The container's lock, which host-local has inherited, says that somebody waits for it.
  const lock = node.path("run/tortie/locks/c-stalled");
  await until(() => isDeleted || (existsSync(lock) && statSync(lock).size > 0));
  const early = isDeleted;
  rmSync(node.path("run/stall"));
  expect(await deleting).toEqual(NOTHING);
  const pid = readFileSync(node.path("run/stalled"), "utf8").trim();
  await until(() => !existsSync(`/proc/${pid}`));
  await untilNothingIsLeft(node);
  expect(early).toBe(false);
});
