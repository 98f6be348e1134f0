import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../compile.ts";
import { HELPERS } from "../install/helper-plugins.ts";
import { until } from "./agent/running-agent.ts";
import { AgentNode } from "./netns/cni/agent-node.ts";
import { AgentLife } from "./netns/gap/agent-life.ts";
import { nftOrThrow } from "./netns/nft-command.ts";
import { ip } from "./netns/other-cni/commands.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-binary-uninstall-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tortie = "";
beforeAll(async () => {
  tortie = await build("x64", folder, tortieEntrypoints());
}, 120_000);

interface Outcome {
  readonly code: number;
  readonly said: string;
}

/** A node with directories of its own, and the executable at work on it. */
class Node implements AsyncDisposable {
  readonly world: AgentNode = new AgentNode();
  readonly root: string = mkdtempSync(join(folder, "node-"));
  readonly bin: string = join(this.root, "bin");
  readonly net: string = join(this.root, "net.d");
  readonly state: string = join(this.root, "state");

  constructor() {
    for (const directory of [this.bin, this.net]) mkdirSync(directory);
    // As another program has them.
    nftOrThrow(this.world.node.host, ["add table ip other; add chain ip other x"]);
    ip(
      this.world.node.host,
      "link add other0 type veth peer name other1",
      "link set other0 up",
      "route add 10.9.9.0/24 dev other0",
    );
    rmSync(this.world.node.paths.directory, { recursive: true });
  }

  run(...words: readonly string[]): Outcome {
    const env = { PATH: process.env["PATH"] ?? "", SLEEP: "false" };
    const child = this.world.node.host.run(() => Bun.spawnSync([tortie, ...words], { env, stderr: "pipe" }));
    return { code: child.exitCode, said: child.stdout.toString() + child.stderr.toString() };
  }

  uninstall(...words: readonly string[]): Outcome {
    const { bin, net, state } = this;
    const run = this.world.node.paths.directory;
    const where = ["--bin-dir", bin, "--net-dir", net, "--run-dir", run, "--state-dir", state];
    return this.run("uninstall", ...where, ...words);
  }

  async agent(environment: Readonly<Record<string, string>>): Promise<AgentLife> {
    const life = new AgentLife(this.world.node.host, "", {
      command: [tortie, "agent"],
      environment: { ...this.world.environment, TORTIE_STATEDIRECTORY: this.state, ...environment },
    });
    await life.settled(1);
    return life;
  }

  /** Whatever of the node may be changed by us. Pods and their leases are none of it. */
  everything(): object {
    const { host, paths } = this.world.node;
    const show = (words: string): string => ip(host, words);
    return {
      files: [...new Bun.Glob("**").scanSync({ cwd: this.root, onlyFiles: false, dot: true })].toSorted(),
      run: existsSync(paths.directory),
      ruleset: nftOrThrow(host, ["list ruleset"]),
      routes: show("route show table all"),
      rules: show("rule show"),
      settings: readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

const NOTHING = { code: 0, said: "There is nothing of tortie on this node.\n" };

function expectGone(node: Node, before: object): void {
  const dry = node.uninstall("--dry-run");
  expect(dry).toMatchObject({
    code: 0,
    said: expect.stringContaining("Would remove nftables table inet tortie\n"),
  });
  expect(node.uninstall()).toMatchObject({ code: 0 });
  expect(node.everything()).toEqual(before);
  for (const words of [[], ["--dry-run"]]) expect(node.uninstall(...words)).toEqual(NOTHING);
  expect(node.everything()).toEqual(before);
}

test.each(["SIGTERM", "SIGKILL"] as const)(
  "a node whose pods tortie wired is as before, each of two times, after %s",
  async (signal) => {
    await using node = new Node();
    const { world, bin, net } = node;
    const before = node.everything();
    for (let time = 0; time < 2; time++) {
      const words = ["install", "--bin-dir", bin, "--plugins", world.node.pluginPath, "--host-root", "/"];
      expect(node.run(...words)).toMatchObject({ code: 0 });
      const agent = await node.agent({
        CNI_NETWORK_CONFIG: JSON.stringify(world.node.network),
        CNI_NET_DIR: net,
      });
      await until(() => existsSync(join(net, "10-calico.conf")));
      const options = { command: [join(bin, "calico")] };
      const [stays, goes] = [world.node.container("a"), world.node.container("b")];
      for (const container of [stays, goes]) await world.wire(container, options);
      expect(await world.node.call("DEL", goes, options)).toMatchObject({ exitCode: 0 });
      expect(node.uninstall()).toMatchObject({ code: 1, said: expect.stringContaining("the agent lives") });
      await agent.end(signal);
      // Its link is the pod's, and goes with it.
      ip(stays.network, "link delete eth0");
      for (const name of HELPERS) rmSync(join(bin, name), { force: true });
      expectGone(node, before);
    }
  },
  60_000,
);

test("a node whose pods another plugin wired is as before, each of two times", async () => {
  await using node = new Node();
  const before = node.everything();
  for (let time = 0; time < 2; time++) {
    const agent = await node.agent({ CALICO_MANAGE_CNI: "false" });
    await agent.end("SIGTERM");
    expectGone(node, before);
  }
}, 60_000);
