import { expect } from "bun:test";
import { startFlood } from "../../netns/gap/flood-process.ts";
import type { Cluster } from "../cluster.ts";
import { podManifest } from "../pod-manifest.ts";
import { applyObjects, deletePod, podEvents, podReady } from "../pods.ts";
import type { Trouble } from "./agent-troubles.ts";
import { startEarlySenders } from "./early-senders.ts";
import { type Ends, NOTHING } from "./ends.ts";
import { type FullNode, NODE } from "./node.ts";
import { EAR, type MarkName, MARKS, NEXT, OUTSIDE } from "./places.ts";
import { isWired, networkOf, receivedIn, sandboxOf } from "./sandboxes.ts";
import { waitFor } from "./wait-for.ts";
import type { Counted } from "./witness.ts";

const FLOOD_PER_SECOND = 2_000;

/** The label of pods that the policy of the test is about. */
export const CLOSED_POLICY: unknown = {
  podSelector: { matchLabels: { role: "closed" } },
  policyTypes: ["Ingress", "Egress"],
};

export interface SenderPodOptions {
  readonly name: string;
  readonly mark: MarkName;
  /** Where it sends: before its other container, so that it is not ready before it has sent; or for as long as it lives. */
  readonly when: "init" | "always";
  readonly node?: string;
}

/** A pod that sends from its first instruction on. */
export function senderPod({ name, mark, when, node }: SenderPodOptions): Record<string, unknown> {
  const program = `/bin/${mark}`;
  return podManifest({
    name,
    ...(node !== undefined && { node }),
    labels: { role: mark === "denied" ? "closed" : "open" },
    ...(when === "init" ? { initCommand: [program] } : { command: [program, "on"] }),
  });
}

/** Sends to every address that the next pods may have, from outside and from another pod, all the time. */
export function floodNextPods({ machine, outside }: FullNode, ear: string): Disposable {
  const floods = new DisposableStack();
  const earNetwork = floods.use(networkOf(machine, sandboxOf(machine, ear)));
  const from = [
    { network: outside, sources: OUTSIDE },
    { network: earNetwork, sources: EAR },
  ];
  for (const { network, sources } of from) {
    const [source4 = "", source6 = ""] = sources;
    const flows = NEXT.map((destination) => ({
      source: destination.includes(":") ? source6 : source4,
      destination,
      port: MARKS.flood,
    }));
    floods.use(startFlood({ key: "", network, addresses: [] }, flows, FLOOD_PER_SECOND));
  }
  return floods;
}

export interface SceneOptions {
  readonly node: FullNode;
  readonly ends: Ends;
  readonly ear: string;
  /** For the names of its pods. */
  readonly name: string;
  readonly trouble: Trouble;
  /** What pods have to wait for, as their events tell it; absent: they do not have to wait. */
  readonly event?: string;
  /** How long the trouble lasts at least. */
  readonly seconds?: number;
}

const total = (counted: Counted): number => Object.values(counted).reduce((sum, count) => sum + count, 0);

/** Waits until one of a pod's events has the plugin's message, or begins with it, and gives the whole event. */
export async function eventSays(cluster: Cluster, pod: string, message: string): Promise<string> {
  const wanted = `plugin type="calico" failed (add): ${message}`;
  let events: string[] = [];
  const find = (): string | undefined => events.find((line) => line.includes(wanted));
  await waitFor(
    async () => {
      events = (await podEvents(cluster, `default/${pod}`, "FailedCreatePodSandBox")).split("\n");
      return find() !== undefined;
    },
    () => `pod ${pod} waits otherwise than with "${message}": ${events.join("\n")}`,
  );
  return find() ?? "";
}

/** The pods that a scene brings up at one time, under the names by which the API server knows them. */
const podsOf = (name: string): { readonly init: string; readonly fixed: string; readonly anew: string } => ({
  init: `${name}-init`,
  fixed: `${name}-static-${NODE}`,
  anew: `${name}-anew`,
});

/**
 * Three pods that are denied everything send as soon as they can, while something is wrong with the agent: one with its init
 * container, a static one, and one whose sandbox has died. They come up by themselves in the end, and nothing of
 * theirs, or for them, has passed.
 */
export async function playScene(options: SceneOptions): Promise<void> {
  const { node, ends, ear, name, trouble, event, seconds: atLeast = 0 } = options;
  const { cluster, containerd, kubelet, machine } = node;
  const pods = podsOf(name);
  ends.reset();
  using _ = floodNextPods(node, ear);
  using early = startEarlySenders(node);
  await applyObjects(cluster, senderPod({ name: pods.anew, mark: "denied", when: "always", node: NODE }));
  await podReady(cluster, `default/${pods.anew}`);
  const first = sandboxOf(machine, pods.anew).containerId;

  const longEnough = performance.now() + atLeast * 1_000;
  await trouble.begin(node);
  await containerd.ctr(["task", "kill", "--signal", "KILL", first]);
  kubelet.putStaticPod(
    `${name}-static`,
    senderPod({ name: `${name}-static`, mark: "denied", when: "always" }),
  );
  await applyObjects(cluster, senderPod({ name: pods.init, mark: "denied", when: "init", node: NODE }));
  await trouble.meanwhile?.(node);
  if (event !== undefined) {
    for (const pod of Object.values(pods)) await eventSays(cluster, pod, event);
  }
  await Bun.sleep(Math.max(0, longEnough - performance.now()));
  await trouble.end(node);
  const ended = performance.now();

  // Nobody touches them from here on.
  await waitFor(
    () => isWired(machine, pods.anew, first),
    () => `pod ${pods.anew} got no second sandbox: ${kubelet.server.said()}`,
  );
  await Promise.all(Object.values(pods).map((pod) => podReady(cluster, `default/${pod}`)));
  expect(early.networks).toBeGreaterThanOrEqual(4);
  const seconds = (performance.now() - ended) / 1_000;
  for (const mark of ["denied", "early"] as const) {
    for (const count of Object.values(ends.sent(mark))) expect(count).toBeGreaterThan(0);
    expect({ mark, ...ends.arrived(mark) }).toEqual({ mark, ...NOTHING });
  }
  for (const pod of Object.values(pods)) {
    using network = networkOf(machine, sandboxOf(machine, pod));
    expect({ pod, ...receivedIn(network) }).toMatchObject({ pod, udp4: 0, udp6: 0 });
  }
  expect(ends.toPods("flood")).toEqual(NOTHING.node);

  process.stdout.write(
    `first packet, ${name}: ${total(ends.sent("denied"))} packets of pods and ${total(ends.sent("early"))} of who was there before them, ` +
      `0 arrived; pods ready ${seconds.toFixed(1)} s after the trouble\n`,
  );

  kubelet.removeStaticPod(`${name}-static`);
  for (const pod of [pods.init, pods.anew]) await deletePod(cluster, `default/${pod}`, true);
}
