import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isTortie } from "../install/marker.ts";
import { startPodChurn } from "./binary/upgrade/pod-churn.ts";
import { takeOver, TAKEOVERS } from "./binary/upgrade/takeover.ts";
import { buildTwoVersions, type TwoVersions } from "./binary/upgrade/two-versions.ts";
import { AgentNode, reaches } from "./netns/cni/agent-node.ts";
import { AgentLife } from "./netns/gap/agent-life.ts";
import { testRuns } from "./worlds/seed.ts";

/** Each is an upgrade and a downgrade. */
const ROUNDS = testRuns("TORTIE_UPGRADE_ROUNDS", 2);
const PODS_AT_ONCE = 3;

let versions: TwoVersions;
beforeAll(async () => {
  versions = await buildTwoVersions();
}, 120_000);
afterAll(() => versions[Symbol.dispose]());

test(
  `pods come and go while plugin and agent are replaced ${ROUNDS} times, and back again`,
  async () => {
    const { former, latter, folder } = versions;
    await using world = new AgentNode();
    const { host } = world.node;
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const plugin = join(bin, "calico");
    const install = async (executable: string): Promise<void> => {
      const words = ["install", "--bin-dir", bin, "--plugins", world.node.pluginPath, "--host-root", "/"];
      const env = { PATH: process.env["PATH"] ?? "", SLEEP: "false" };
      const child = host.run(() =>
        Bun.spawn([executable, ...words], { env, stdout: "pipe", stderr: "pipe" }),
      );
      const said = (await child.stdout.text()) + (await child.stderr.text());
      expect({ code: await child.exited, said }).toMatchObject({ code: 0 });
    };
    const start = (executable: string): AgentLife =>
      new AgentLife(host, "", { command: [executable, "agent"], environment: world.environment });

    const replace = async (agent: AgentLife, next: string, at: number): Promise<AgentLife> => {
      if (at % TAKEOVERS.length === 0) {
        // As a DaemonSet does it: the old pod goes, then the new one's init container works, then its agent.
        await agent.end("SIGTERM");
        await install(next);
        const newer = start(next);
        await newer.settled(1);
        return newer;
      }
      // As people do it: first the file, while the agent of before lives.
      await install(next);
      return takeOver(TAKEOVERS[at % TAKEOVERS.length] ?? "at once", agent, () => start(next));
    };

    await install(former);
    let agent = start(former);
    await agent.settled(1);
    const [a, b, c] = [await world.add("a"), await world.add("b"), await world.add("c")];
    const judged = () => [reaches(a, b), reaches(c, b)];
    const asWished = [
      [true, true],
      [false, false],
    ];
    expect(judged()).toEqual(asWished);
    const churn = startPodChurn(world, plugin, PODS_AT_ONCE);
    let turn = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      for (const next of [latter, former]) {
        agent = await replace(agent, next, turn++);
        expect(isTortie(plugin)).toBe(true);
        expect(judged()).toEqual(asWished);
        await churn.more(PODS_AT_ONCE);
      }
    }
    const report = await churn.stop();
    process.stdout.write(
      `${ROUNDS} upgrades and as many downgrades: ${report.added} pods added, ${report.triedAgain} told to try again\n`,
    );
    expect(report.failures).toEqual([]);
    expect(judged()).toEqual(asWished);
    for (const container of [a, b, c])
      expect((await world.node.call("DEL", container, { command: [plugin] })).exitCode).toBe(0);
    expect(world.node.traces()).toEqual([]);
    expect(await agent.end("SIGTERM")).toBe(0);
  },
  30 * 60_000,
);
