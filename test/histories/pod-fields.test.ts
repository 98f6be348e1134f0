import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { fieldReader } from "../../adapters/kubernetes/reading/field-reader.ts";
import { PODS } from "../../adapters/kubernetes/store/resources.ts";
import { createSharing } from "../../adapters/kubernetes/store/sharing.ts";
import { podItem } from "../../adapters/kubernetes/store/to-model.ts";
import { arbitraryPod } from "../worlds/pods.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { vocabulary } from "../worlds/vocabulary.ts";

const context = { nodeName: "far", sharing: createSharing() };
const read = fieldReader(PODS.watched.fields ?? {});
const encoder = new TextEncoder();

/** The pod as the list and watch hands it on: what it does not ask for is gone, and what every item is, is put in. */
function asked(pod: unknown): unknown {
  const fields = read(encoder.encode(JSON.stringify(pod))) as object;
  return { apiVersion: "v1", kind: "Pod", ...fields };
}

test("what is not asked for of a pod changes nothing about it", () => {
  const pods = fc.tuple(arbitraryPod(vocabulary("logical"), ["x", "y"]), fc.constantFrom("7", "8"));
  fc.assert(
    fc.property(pods, ([{ metadata, spec, status, ...pod }, resourceVersion]) => {
      const whole = {
        ...pod,
        metadata: { ...metadata, resourceVersion, managedFields: [{}], ownerReferences: [{}] },
        spec: { ...spec, volumes: [{}], serviceAccountName: "default" },
        status: { ...status, conditions: [{ type: "Ready" }], hostIP: "192.0.2.1" },
      };
      expect(podItem(asked(whole), context)).toEqual(podItem(JSON.parse(JSON.stringify(whole)), context));
    }),
    { seed: testSeed(), numRuns: testRuns("TORTIE_HISTORIES", 300) },
  );
});

test.each([
  { metadata: { name: "a", namespace: "x", labels: 7 } },
  { metadata: { name: "a", namespace: "x" }, spec: [] },
  { metadata: { name: "a", namespace: "x" }, spec: { containers: {} }, status: 7 },
  {
    metadata: { name: "a", annotations: 7, deletionTimestamp: "now" },
    status: { podIPs: [{}], startTime: 7 },
  },
  { metadata: 7 },
])("nor about one that cannot be read: %j", (fields) => {
  const pod = { apiVersion: "v1", kind: "Pod", ...fields };
  expect(podItem(asked(pod), context)).toEqual(podItem(pod, context));
  expect(podItem(pod, context).problems).not.toEqual([]);
});
