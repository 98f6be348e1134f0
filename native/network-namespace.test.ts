import { readlinkSync } from "node:fs";
import { expect, test } from "bun:test";
import { NetworkNamespace } from "./network-namespace.ts";

const here = (): string => readlinkSync("/proc/thread-self/ns/net");

const ip = (...words: string[]): string => Bun.spawnSync(["ip", ...words]).stdout.toString();

test("run enters, and returns home after success, a throw and nesting", () => {
  using outer = NetworkNamespace.create();
  using inner = NetworkNamespace.create();
  const home = here();
  const seen = outer.run(() => [here(), inner.run(here), here()]);
  expect(new Set([home, ...seen]).size).toBe(3);
  expect(seen[0]).toBe(seen[2] ?? "");
  expect(() =>
    outer.run(() => {
      throw new Error("on purpose");
    }),
  ).toThrow("on purpose");
  expect(here()).toBe(home);
});

test("path lets another process move links in; children begun inside are inside", () => {
  using outer = NetworkNamespace.create();
  using inner = NetworkNamespace.create();
  outer.run(() => ip("link", "add", "one", "type", "veth", "peer", "name", "two", "netns", inner.path));
  expect(outer.run(() => ip("-o", "link"))).toContain("one@");
  expect(inner.run(() => ip("-o", "link"))).toContain("two@");
});

test("a closed namespace refuses to run and can be closed again", () => {
  const namespace = NetworkNamespace.create();
  namespace[Symbol.dispose]();
  namespace[Symbol.dispose]();
  expect(() => namespace.run(here)).toThrow("closed");
});
