import { expect, test } from "bun:test";
import type { Update } from "../../../model/update.ts";
import { createImplicitNamespaces } from "./implicit-namespaces.ts";

const there = (name: string): Update => ({
  kind: "namespace",
  name,
  value: { name, labels: { "kubernetes.io/metadata.name": name } },
});
const gone = (name: string): Update => ({ kind: "namespace", name, value: undefined });

test("what is missing is told from the moment when everything was read", () => {
  const namespaces = createImplicitNamespaces();
  namespaces.use("x", 1);
  namespaces.use("y", 1);
  namespaces.write("y", true);
  expect(namespaces.take()).toEqual([]);
  namespaces.open();
  expect(namespaces.take()).toEqual([there("x")]);
  namespaces.open();
  expect(namespaces.take()).toEqual([]);
});

test("a namespace is there from its first user to its last", () => {
  const namespaces = createImplicitNamespaces();
  namespaces.open();
  namespaces.use("x", 1);
  expect(namespaces.take()).toEqual([there("x")]);
  namespaces.use("x", 1);
  namespaces.use("x", -1);
  expect(namespaces.take()).toEqual([]);
  namespaces.use("x", -1);
  expect(namespaces.take()).toEqual([gone("x")]);
  namespaces.use("x", 1);
  namespaces.use("x", -1);
  expect(namespaces.take()).toEqual([]);
});

test("an object takes its place, and leaves it while somebody is in it", () => {
  const namespaces = createImplicitNamespaces();
  namespaces.open();
  namespaces.use("x", 1);
  namespaces.take();
  namespaces.write("x", true);
  expect(namespaces.take()).toEqual([]);
  namespaces.write("x", false);
  expect(namespaces.take()).toEqual([there("x")]);
  namespaces.write("x", true);
  namespaces.write("x", false);
  expect(namespaces.take()).toEqual([there("x")]);
  namespaces.write("x", true);
  namespaces.use("x", -1);
  expect(namespaces.take()).toEqual([]);
  namespaces.write("x", false);
  expect(namespaces.take()).toEqual([]);
});
