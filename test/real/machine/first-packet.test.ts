import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../../agent/running-agent.ts";
import { troubles } from "../first-packet/agent-troubles.ts";
import { type Ends, watchEnds } from "../first-packet/ends.ts";
import { type FullNode, NODE, startFullNode } from "../first-packet/node.ts";
import { EAR } from "../first-packet/places.ts";
import { networkOf, receivedIn, sandboxOf } from "../first-packet/sandboxes.ts";
import { CLOSED_POLICY, floodNextPods, playScene, senderPod } from "../first-packet/scene.ts";
import { applyPolicy } from "../objects.ts";
import { podManifest } from "../pod-manifest.ts";
import { applyObjects, deletePod, podGone, podReady } from "../pods.ts";

// A pod that policy allows nothing sends from its first instruction on. Not one packet of it arrives anywhere, and none arrives
// at it, whatever is wrong with the agent. With the long times of script/test --full the plugin has its real patience.
const STOPPED_SECONDS = Number(process.env["TORTIE_OUTAGE_SECONDS"] ?? 4);
const PATIENCE_SECONDS = STOPPED_SECONDS < 60 ? 3 : 30;
const LIMIT = 120_000 + STOPPED_SECONDS * 2_000;

const SILENT = `not ready within ${PATIENCE_SECONDS} s: the agent at /run/tortie/agent.sock does not answer`;
const ABSENT = `not ready within ${PATIENCE_SECONDS} s: no agent answers at /run/tortie/agent.sock (ECONNREFUSED)`;

let node: FullNode;
let ends: Ends;
beforeAll(async () => {
  node = await startFullNode({ setupTimeoutSeconds: PATIENCE_SECONDS });
  node.agent.start();
  await node.agentReady();
  await applyObjects(node.cluster, podManifest({ name: "ear", node: NODE }));
  await podReady(node.cluster, "default/ear");
  expect(sandboxOf(node.machine, "ear").addresses).toEqual([...EAR]);
  ends = watchEnds(node, "ear");
}, 120_000);
afterAll(async () => {
  ends?.[Symbol.dispose]();
  await node?.[Symbol.asyncDispose]();
});

test("without a policy all of it arrives everywhere: what the others send would be seen", async () => {
  using _ = floodNextPods(node, "ear");
  await applyObjects(
    node.cluster,
    senderPod({ name: "control", mark: "denied", when: "always", node: NODE }),
  );
  await podReady(node.cluster, "default/control");
  await until(() => {
    const { heard, ...counted } = ends.arrived("denied");
    return Math.min(...heard, ...Object.values(counted).flatMap((kinds) => Object.values(kinds))) > 0;
  });
  using network = networkOf(node.machine, sandboxOf(node.machine, "control"));
  await until(() => {
    const { udp4, udp6 } = receivedIn(network);
    return Math.min(udp4, udp6) > 0;
  });

  await applyPolicy(node.cluster, "default", "closed", CLOSED_POLICY);
  await until(async () => {
    const [sent, came] = [ends.sent("denied").udp4, ends.arrived("denied").ear.udp4];
    await until(() => ends.sent("denied").udp4 > sent + 100);
    return ends.arrived("denied").ear.udp4 === came;
  });
  await deletePod(node.cluster, "default/control");
  await podGone(node.cluster, "default/control");
}, 60_000);

test(
  "nothing passes while the agent is well",
  () => playScene({ node, ends, ear: "ear", name: "well", trouble: troubles.none() }),
  LIMIT,
);

test(
  "nothing passes while the agent is slow",
  () => playScene({ node, ends, ear: "ear", name: "slow", trouble: troubles.slow() }),
  LIMIT,
);

test(
  "nothing passes while the agent stands still; pods wait, and start by themselves",
  () =>
    playScene({
      node,
      ends,
      ear: "ear",
      name: "stopped",
      trouble: troubles.stopped(),
      event: SILENT,
      seconds: STOPPED_SECONDS,
    }),
  LIMIT,
);

test(
  "nothing passes when the agent is killed in the middle of ADD; pods wait, and start by themselves",
  () =>
    playScene({ node, ends, ear: "ear", name: "killed", trouble: troubles.killedInMidAdd(), event: ABSENT }),
  LIMIT,
);

test(
  "nothing passes where no agent runs; pods wait, and start by themselves",
  () => {
    node.configurePlugin("asked");
    return playScene({ node, ends, ear: "ear", name: "absent", trouble: troubles.absent(), event: ABSENT });
  },
  LIMIT,
);
