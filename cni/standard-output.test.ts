import { expect, test } from "bun:test";
import { CniError } from "./cni-error.ts";
import { createTestNode, leftovers, pod } from "./test-node.ts";

test("ADD: a pod of which nobody could be told is undone", async () => {
  const node = createTestNode();
  node.failing.set("print", new CniError("inputOutput", "the result cannot be written: EPIPE"));
  const { exitCode, output } = await node.call("ADD", pod("c1"));
  expect({ exitCode, ...JSON.parse(output) }).toMatchObject({
    exitCode: 1,
    code: 5,
    msg: "the result cannot be written: EPIPE",
  });
  expect(leftovers(node)).toEqual([]);
});
