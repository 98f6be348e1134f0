import * as fc from "fast-check";
import { makePolicy } from "../oracle/lab.ts";
import { arbitraryNamespace, arbitraryPod } from "../worlds/pods.ts";
import { arbitraryPolicy } from "../worlds/policies.ts";
import { vocabulary } from "../worlds/vocabulary.ts";
import type { AnyObject, Deed } from "./history.ts";

export const NODE_NAME = "here";

const words = { ...vocabulary("logical"), podNames: ["a", "b", "c"] };
const NAMESPACES = ["x", "y", "a-b"];

/** Half of the pods that say nothing of a node run here, the others wait for a scheduler. */
const pod: fc.Arbitrary<AnyObject> = fc
  .tuple(arbitraryPod(words, NAMESPACES), fc.boolean())
  .map(([made, here]) => ({
    ...made,
    spec: { ...made.spec, ...(here && made.spec.nodeName == null ? { nodeName: NODE_NAME } : {}) },
  }));

const namespace = fc.constantFrom(...NAMESPACES).chain((name) => arbitraryNamespace(words, name));

const policy: fc.Arbitrary<AnyObject> = arbitraryPolicy(words, NAMESPACES).map((made) => ({
  ...made,
  metadata: { ...made.metadata, name: `${made.metadata.name.slice(0, 1)}-policy` },
}));

const NODE_RANGES: readonly string[] = ["10.77.1.0/24", "fd77::/64"];

function nodeWith(podCIDRs: readonly string[]): AnyObject {
  const object = { apiVersion: "v1", kind: "Node", metadata: { name: NODE_NAME }, spec: { podCIDRs } };
  return object;
}

const node: fc.Arbitrary<AnyObject> = fc.subarray([...NODE_RANGES]).map(nodeWith);
const nodeWithRanges: fc.Arbitrary<AnyObject> = fc.subarray([...NODE_RANGES], { minLength: 1 }).map(nodeWith);

/** Objects with something in them that nobody can read. */
const unreadable: fc.Arbitrary<AnyObject> = fc.constantFrom<AnyObject[]>(
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "x", name: "a", labels: 7 } as AnyObject["metadata"],
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "x", annotations: 7 } as AnyObject["metadata"] },
  { ...makePolicy("x/p-policy", { podSelector: { matchLabels: { "no key": "a" } } }) },
  { ...makePolicy("y/p-policy", 7 as never) },
);

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 5, arbitrary: pod.map((object): Deed => ({ kind: "write", object })) },
  { weight: 2, arbitrary: namespace.map((object): Deed => ({ kind: "write", object })) },
  { weight: 3, arbitrary: policy.map((object): Deed => ({ kind: "write", object })) },
  { weight: 1, arbitrary: node.map((object): Deed => ({ kind: "write", object })) },
  { weight: 1, arbitrary: unreadable.map((object): Deed => ({ kind: "write", object })) },
  { weight: 4, arbitrary: fc.nat().map((choice): Deed => ({ kind: "delete", choice })) },
);

/**
 * What happens to a cluster. At its end there is this machine's node, without which nothing is in sync, and it has ranges: one that
 * has none for now keeps those that it had.
 */
export const arbitraryDeeds: fc.Arbitrary<Deed[]> = fc
  .tuple(fc.array(deed, { maxLength: 40, size: "max" }), nodeWithRanges)
  .map(([deeds, object]) => [...deeds, { kind: "write", object }]);
