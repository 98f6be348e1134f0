import { afterAll, beforeAll, expect, test } from "bun:test";
import { createLab } from "../demo/lab/lab.ts";
import { buildTwoVersions, type TwoVersions } from "./binary/upgrade/two-versions.ts";
import { type ProbeReport, type Probes, startProbes } from "./binary/upgrade/probes.ts";
import { takeOver, TAKEOVERS } from "./binary/upgrade/takeover.ts";
import { AgentLife } from "./netns/gap/agent-life.ts";
import { manifestDirectory, manifestFile, PODS } from "./netns/gap/manifests.ts";
import { testRuns } from "./worlds/seed.ts";

/** Each is an upgrade and a downgrade. */
const ROUNDS = testRuns("TORTIE_UPGRADE_ROUNDS", 6);

let versions: TwoVersions;
beforeAll(async () => {
  versions = await buildTwoVersions();
}, 120_000);
afterAll(() => versions[Symbol.dispose]());

const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node" },
  spec: { podCIDRs: ["10.65.0.0/24", "fd00:65::/64"] },
};

function expectNoGap({ allowed, denied }: Probes, { counts, floods, dialled, talk }: ProbeReport): void {
  const count = (name: string) => counts.get(name) ?? { before: Number.NaN, after: Number.NaN };
  for (const { name } of [...allowed, ...denied]) expect(count(name).before).toBeGreaterThan(ROUNDS * 50);
  const lost = allowed.map(({ name }) => [name, count(name).before - count(name).after]);
  expect(lost).toEqual(allowed.map(({ name }) => [name, 0]));
  expect(denied.map(({ name }) => [name, count(name).after])).toEqual(denied.map(({ name }) => [name, 0]));
  expect(floods.map(({ refused }) => refused)).toEqual([0, 0]);
  expect(dialled.allowed.connected).toBe(dialled.allowed.begun);
  expect(dialled.denied.connected).toBe(0);
  expect(talk.deaf).toEqual([]);
}

/** Of each kind how many packets were sent, and how many got through. */
function summary({ counts, dialled, talk }: ProbeReport): string {
  const packets = [...counts].map(([name, { before, after }]) => `${name} ${after}/${before}`);
  return (
    `${ROUNDS} upgrades and as many downgrades; ${packets.join(", ")}; ${dialled.allowed.connected} new connections, the ` +
    `slowest ${dialled.allowed.slowestMilliseconds.toFixed(0)} ms; ${talk.said} words on open ones`
  );
}

test.each(["true", "false"])(
  `no flow is cut and none leaks while two versions take the node from each other ${ROUNDS} times, CALICO_MANAGE_CNI=%s`,
  async (CALICO_MANAGE_CNI) => {
    const { former, latter } = versions;
    using lab = createLab({ pods: PODS });
    using manifests = manifestDirectory(lab);
    manifests.write({ name: "node.yaml", text: JSON.stringify(NODE) });
    const start = (executable: string): AgentLife =>
      new AgentLife(lab.node.network, manifests.path, {
        command: [executable, "agent"],
        environment: { CALICO_MANAGE_CNI },
      });
    let agent = start(former);
    await agent.settled(1);
    using probes = await startProbes(lab);
    let [edit, turn] = [0, 0];
    const began = performance.now();
    for (let round = 1; round <= ROUNDS; round++) {
      for (const next of [latter, former]) {
        const how = TAKEOVERS[turn++ % TAKEOVERS.length] ?? "at once";
        if (turn % 3 === 0) manifests.write(manifestFile(lab, ++edit));
        agent = await takeOver(how, agent, () => start(next));
        // Ended in the middle of what it does with an edit, too, and with what the agent before it left.
        if (turn % 5 < 2) manifests.write(manifestFile(lab, ++edit));
        if (turn % 2 === 0) await Bun.sleep((turn * 7) % 50);
      }
      // Every way up is once a way down.
      turn++;
    }
    const seconds = (performance.now() - began) / 1_000;
    const report = await probes.stop();
    await agent.end("SIGTERM");
    process.stdout.write(
      `CALICO_MANAGE_CNI=${CALICO_MANAGE_CNI}, ${seconds.toFixed(1)} s: ${summary(report)}\n`,
    );
    expectNoGap(probes, report);
  },
  30 * 60_000,
);
