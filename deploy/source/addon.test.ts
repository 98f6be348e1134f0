import { expect, test } from "bun:test";
import { objectsOf } from "./test-manifests.ts";

const PAIR = [
  ["calico-configmap.yaml", "EnsureExists"],
  ["calico-daemonset.yaml", "Reconcile"],
] as const;

test.each(PAIR)("%s: the addon manager takes every object, in the mode %s", (name, mode) => {
  for (const { metadata } of objectsOf(name)) {
    expect(metadata.labels).toMatchObject({
      "kubernetes.io/cluster-service": "true",
      "addonmanager.kubernetes.io/mode": mode,
    });
  }
});

test("beside its labels the pair is tortie.yaml without a pool", () => {
  const parts = PAIR.flatMap(([name]) => objectsOf(name)).map((object) => {
    const { name, namespace } = object.metadata;
    return { ...object, metadata: { name, namespace } };
  });
  const whole = objectsOf("tortie.yaml").map((object) => {
    const { name, namespace } = object.metadata;
    const { "ippool.yaml": _, ...data } = object.data ?? {};
    return { ...object, metadata: { name, namespace }, ...(object.data !== undefined && { data }) };
  });
  expect(parts).toEqual(whole);
});

test("no other manifest is the addon manager's", () => {
  expect(JSON.stringify(objectsOf("tortie.yaml"))).not.toContain("addonmanager");
});
