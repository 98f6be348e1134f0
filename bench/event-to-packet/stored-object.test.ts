import { expect, test } from "bun:test";
import { storedObject } from "./stored-object.ts";

test("objects stand where the API server looks for them, with a uid and a time", () => {
  const metadata = { name: "a", namespace: "shop" };
  const pod = storedObject({ apiVersion: "v1", kind: "Pod", metadata }, "some-uid");
  expect(pod.key).toBe("/registry/pods/shop/a");
  expect(JSON.parse(pod.value)).toMatchObject({ kind: "Pod", metadata: { ...metadata, uid: "some-uid" } });
  const node = storedObject({ apiVersion: "v1", kind: "Node", metadata: { name: "n" } }, "u");
  expect(node.key).toBe("/registry/minions/n");
});

test("an object's own uid stays, and an unknown kind is refused", () => {
  const metadata = { name: "a", uid: "own" };
  const { value } = storedObject({ apiVersion: "v1", kind: "Namespace", metadata }, "other");
  expect(JSON.parse(value)).toMatchObject({ metadata: { uid: "own" } });
  expect(() => storedObject({ apiVersion: "v1", kind: "Secret", metadata }, "u")).toThrow("Secret");
});
