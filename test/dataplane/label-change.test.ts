import { expect, test } from "bun:test";
import type { Batch } from "../../dataplane/nft/batch.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import { type Compiler, createCompiler, stateUpdates } from "../../policy/compiler.ts";
import { pod, thousandPods } from "../journeys/thousand-pods.ts";
import { openFake, settleAndTidy } from "./fake-dataplane.ts";

interface Node {
  readonly compiler: Compiler;
  /** What is sent when these endpoints change. */
  readonly sends: (...changed: readonly Endpoint[]) => Promise<readonly unknown[]>;
}

async function settledNode(): Promise<Node> {
  const compiler = createCompiler();
  compiler.apply(stateUpdates(thousandPods()));
  const { writer, dataplane } = openFake();
  const settle = async (): Promise<readonly Batch[]> => {
    const sent = writer.batches.length;
    dataplane.want(compiler.ruleset, compiler.takeTouched());
    await settleAndTidy(dataplane);
    return writer.batches.slice(sent);
  };
  await settle();
  expect(dataplane.status.elements).toBeGreaterThan(1_000);
  return {
    compiler,
    sends: (...changed) => {
      compiler.apply(changed.map((value) => ({ kind: "endpoint", id: value.id, value })));
      return settle();
    },
  };
}

/** Where an element is: the kernel's name of the only set with that title. */
function inSet({ compiler }: Node, prefix: string, title: string): object {
  const { addressSets, serviceSets } = compiler.ruleset;
  const ids = [...addressSets.values(), ...serviceSets.values()]
    .filter((set) => set.title === title)
    .map(({ id }) => id);
  expect(ids).toHaveLength(1);
  return { family: "inet", table: "tortie", name: `e1-${prefix}-${ids[0]}` };
}

const canaries = (node: Node): object =>
  inSet(node, "endpoints4", "namespaces (team == 't1'): app == 'a15' or namespace 'n5': track == 'canary'");
const ofApp5 = (node: Node): object =>
  inSet(node, "endpoints4", "namespaces (team == 't1'): app == 'a5' or namespace 'n5': track == 'canary'");
const stableServices = (node: Node): object =>
  inSet(node, "services4", "port web (TCP) of namespace 'n5': track == 'stable'");

// One of another node, and one of ours.
test.each([
  [505, "10.0.1.249"],
  [5, "10.0.0.5"],
])(
  "1,000 pods, 100 policies: pod %p gets a label and loses it: an element leaves, another enters",
  async (number, address) => {
    const node = await settledNode();
    const service = { concat: [address, 6, 8080] };
    // The set of app a5 takes in canaries too: the pod stays in it.
    expect(await node.sends(pod(number, { labels: { app: "a5", track: "canary" } }))).toEqual([
      {
        nftables: [
          { delete: { element: { ...stableServices(node), elem: [service] } } },
          { add: { element: { ...canaries(node), elem: [address] } } },
        ],
      },
    ]);
    expect(await node.sends(pod(number))).toEqual([
      {
        nftables: [
          { delete: { element: { ...canaries(node), elem: [address] } } },
          { add: { element: { ...stableServices(node), elem: [service] } } },
        ],
      },
    ]);
    expect(await node.sends(pod(number, { labels: { app: "a15", track: "stable" } }))).toEqual([
      {
        nftables: [
          { delete: { element: { ...ofApp5(node), elem: [address] } } },
          { add: { element: { ...canaries(node), elem: [address] } } },
        ],
      },
    ]);
  },
);

test("a label that no policy asks for, and the same pod again, send no batch", async () => {
  const node = await settledNode();
  const labels = { ...pod(505).labels, version: "2" };
  expect(await node.sends(pod(505, { labels }))).toEqual([]);
  expect(await node.sends(pod(505, { labels }))).toEqual([]);
  expect(await node.sends(pod(505))).toEqual([]);
  expect(await node.sends(pod(505, { labels: { app: "a5", track: "canary" } }), pod(505))).toEqual([]);
});
