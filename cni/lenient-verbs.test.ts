import { expect, test } from "bun:test";
import { createTestNode, leftovers, NETWORK, pod, type TestNode } from "./test-node.ts";

const done = { exitCode: 0, output: "" } as const;

async function added(): Promise<TestNode> {
  const node = createTestNode();
  await node.call("ADD", pod("c1"));
  return node;
}

test("VERSION: answers in the version of whoever asks, which may be one to come", async () => {
  for (const cniVersion of ["1.2.0", "x"]) {
    const { exitCode, output } = await createTestNode().call("VERSION", {}, { cniVersion });
    expect({ exitCode, ...JSON.parse(output) }).toMatchObject({ exitCode: 0, cniVersion });
  }
  expect(JSON.parse((await createTestNode().call("VERSION", {}, {})).output)).toMatchObject({
    cniVersion: "0.1.0",
  });
  expect(JSON.parse((await createTestNode().call("VERSION", {}, { cniVersion: 7 })).output)).toEqual({
    cniVersion: "1.1.0",
    code: 7,
    msg: "cniVersion is 7, which is no text",
    details: "give the version of the specification that the answer is to be in",
  });
});

test("DEL: arguments that nobody can read keep nothing", async () => {
  const node = await added();
  expect(await node.call("DEL", pod("c1", { CNI_ARGS: "nonsense;IP=?;K8S_POD_NAME=a" }))).toEqual(done);
  expect(leftovers(node)).toEqual([]);
});

test("GC: null in the place of a list lists nothing", async () => {
  const node = await added();
  const network = { ...NETWORK, "cni.dev/valid-attachments": null, "cni.dev/attachments": null };
  expect(await node.call("GC", {}, network)).toEqual(done);
  expect(leftovers(node)).toEqual([]);
});
