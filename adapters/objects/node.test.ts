import { expect, test } from "bun:test";
import { problemText } from "../../model/problem.ts";
import { type ReadObject, readObject } from "./read-object.ts";

const read = (spec: unknown, nodeName = "here", metadata: unknown = { name: "here" }): ReadObject =>
  readObject({ apiVersion: "v1", kind: "Node", metadata, spec, status: { addresses: [] } }, "f", {
    nodeName,
  });

test.each([
  [{ podCIDRs: ["10.244.1.0/24", "FD00:1::/64"], podCIDR: "10.9.9.0/24" }, ["10.244.1.0/24", "fd00:1::/64"]],
  [{ podCIDR: "010.244.1.7/024", podCIDRs: null }, ["10.244.1.0/24"]],
  [{ podCIDRs: ["10.244.1.0/24", "10.244.1.9/24"] }, ["10.244.1.0/24"]],
  [{ podCIDR: "" }, []],
  [{}, []],
  [undefined, []],
  [null, []],
])("the ranges of %j", (spec, podCidrs) => {
  const value = { name: "here", podCidrs };
  expect(read(spec) as unknown).toEqual({ kind: "node", object: "Node here", value, problems: [] });
});

const UNKNOWN = "addresses in this range that no pod has are not closed";

test.each([
  [
    { podCIDRs: ["10.244.1.0", 7, "10.244.2.0/24"] },
    ["10.244.2.0/24"],
    [
      `f (Node here), spec.podCIDRs[0]: expected a block of addresses such as 10.244.1.0/24 (found "10.244.1.0"); ${UNKNOWN}`,
      `f (Node here), spec.podCIDRs[1]: expected a block of addresses such as 10.244.1.0/24 (found 7); ${UNKNOWN}`,
    ],
  ],
  [
    { podCIDRs: {} },
    [],
    [
      `f (Node here), spec.podCIDRs: expected a block of addresses such as 10.244.1.0/24 (found {}); ${UNKNOWN}`,
    ],
  ],
  [[], [], [`f (Node here), spec: expected an object (found []); ${UNKNOWN}`]],
])("a range that cannot be read in %j is left out and reported", (spec, podCidrs, problems) => {
  const found = read(spec);
  expect(found).toMatchObject({ kind: "node", value: { podCidrs } });
  expect(found.problems.map(problemText)).toEqual(problems);
});

test("other nodes are no matter of this one, and one without a name is nobody's", () => {
  expect(read({ podCIDR: "10.0.0.0/24" }, "there")).toMatchObject({ kind: "ignored", problems: [] });
  expect(readObject({ apiVersion: "v1", kind: "Node", metadata: { name: "here" } }, "f").kind).toBe(
    "ignored",
  );
  const nameless = read({}, "here", {});
  expect(nameless.kind).toBe("unreadable");
  expect(nameless.problems.map(problemText)).toEqual([
    "f, metadata.name: is required; this node is not known",
  ]);
});
