import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { LabFlow } from "../../demo/lab/lab.ts";
import { askHealth, type RunningAgent, startTortie, until } from "../agent/running-agent.ts";
import { converse } from "./conversation.ts";
import { CLIENT, createWitnessedLab, FAMILIES, NODE, STRANGER, type WitnessedLab } from "./masquerade-lab.ts";
import { placeOf } from "./place-of.ts";

setDefaultTimeout(120_000);

/** The real agent, with all its files in a directory of its own. */
interface Node extends AsyncDisposable {
  readonly world: WitnessedLab;
  readonly poolFile: string;
  start(): RunningAgent;
}

function openNode(): Node {
  using building = new DisposableStack();
  const world = building.use(createWitnessedLab());
  const root = mkdtempSync(join(tmpdir(), "tortie-masquerade-"));
  building.defer(() => rmSync(root, { recursive: true }));
  const manifests = join(root, "manifests");
  mkdirSync(manifests);
  const pods = [...world.lab.pods.values()].map(({ key, addresses }) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "x", name: key.split("/")[1] },
    status: { podIPs: addresses.map((ip) => ({ ip })) },
  }));
  writeFileSync(
    join(manifests, "pods.json"),
    JSON.stringify({ apiVersion: "v1", kind: "List", items: pods }),
  );
  const poolFile = join(root, "ippool.yaml");
  const agents: RunningAgent[] = [];
  const environment = {
    PATH: process.env["PATH"] ?? "",
    NODENAME: "node",
    DATASTORE_PATH: manifests,
    TORTIE_RUNDIRECTORY: join(root, "run"),
    TORTIE_STATEDIRECTORY: join(root, "state"),
    TORTIE_IPPOOLFILE: poolFile,
    CALICO_IPV4POOL_CIDR: "10.65.0.0/16",
  };
  const resources = building.move();
  return {
    world,
    poolFile,
    start() {
      const agent = startTortie(world.lab.node.network, ["agent"], environment);
      agents.push(agent);
      return agent;
    },
    async [Symbol.asyncDispose]() {
      for (const { process: child } of agents) {
        child.kill("SIGKILL");
        await child.exited;
      }
      resources.dispose();
    },
  };
}

const FLOWS = FAMILIES.map((family): LabFlow => {
  return { from: "x/client", to: STRANGER[family], protocol: "TCP", port: 80, family };
});

async function sources({ world }: Node): Promise<string[]> {
  await world.expectAnswered(FLOWS);
  return world.seen().map((line) => line.split(" ")[1] ?? "");
}

async function untilSeen(node: Node, expected: readonly string[]): Promise<void> {
  await until(async () => Bun.deepEquals(await sources(node), expected.toSorted()));
}

test("the agent masquerades as settings and file say, through its death and the next one's start", async () => {
  await using node = openNode();
  const { lab } = node.world;
  const readiness = async (): Promise<string> =>
    (await askHealth(lab.node.network, "/readiness"))?.body ?? "";
  const first = node.start();
  await untilSeen(node, [NODE[4], CLIENT[6]]);
  await until(async () =>
    (await readiness()).includes(`${node.poolFile} (TORTIE_IPPOOLFILE) does not exist`),
  );
  using conversation = await converse(placeOf(lab, "x/client"), lab.outside, 8_080);
  node.world.seen();

  writeFileSync(
    node.poolFile,
    "apiVersion: projectcalico.org/v3\nkind: IPPool\nspec: { cidr: 'fd00:65::/32', natOutgoing: true }\n",
  );
  await untilSeen(node, [NODE[4], NODE[6]]);
  await until(async () => !(await readiness()).includes("does not exist"));

  await first.end("SIGKILL");
  expect(await sources(node)).toEqual([NODE[4], NODE[6]].toSorted());
  const second = node.start();
  await until(() => second.messages().includes("settled"));
  expect(await sources(node)).toEqual([NODE[4], NODE[6]].toSorted());
  conversation.say("client", "still there;");
  await until(() => conversation.heard("server").includes("still there;"));

  writeFileSync(node.poolFile, "kind: [");
  await untilSeen(node, [NODE[4], CLIENT[6]]);
  await until(async () => (await readiness()).includes(`${node.poolFile}, document 1: malformed YAML`));
});
