import { expect, test } from "bun:test";
import { addChain, addRule, addSet, addTable } from "../../dataplane/nft/commands.ts";
import { createFakeKernel } from "../../dataplane/nft/fake-kernel.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { writerBehaviour } from "./writer-behaviour.ts";

writerBehaviour("fake", () => {
  const kernel = createFakeKernel();
  return { open: () => new FakeWriter({ kernel }), [Symbol.dispose]: () => {} };
});

test("the fake refuses what only nft would stumble over", () => {
  using writer = new FakeWriter();
  writer.apply({ nftables: [addTable([]), addChain({ name: "c-a", rules: [] })] });
  const refused = [
    addRule("c-a", { expr: [{ drop: null }], comment: "x".repeat(129) }),
    addRule("c-a", { expr: [{ drop: null }], comment: 'a "quote"' }),
    addChain({ name: "4c", rules: [] }),
    addSet({ name: "s a", type: "ipv4_addr", interval: false, map: false }),
  ];
  for (const command of refused) expect(writer.apply({ nftables: [command] }).ok).toBe(false);
});

test("the fake takes as many batches as it was told to before it fails", () => {
  using writer = new FakeWriter();
  writer.failNext([{ index: -1, code: "ENOMEM", message: "planned" }], 1);
  const batch = { nftables: [addTable([])] };
  expect([writer.apply(batch).ok, writer.apply(batch).ok, writer.apply(batch).ok]).toEqual([
    true,
    false,
    true,
  ]);
});
