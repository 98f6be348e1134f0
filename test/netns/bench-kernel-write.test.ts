import { expect, test } from "bun:test";
import { measureNode } from "../../bench/kernel-write/measured-node.ts";
import { OPERATIONS } from "../../bench/kernel-write/world.ts";

test("every writer carries out the driver's batches, there and back", async () => {
  const node = await measureNode({
    shape: { name: "3", endpoints: 3, isolated: 2 },
    others: true,
    driven: 1,
    rounds: 2,
    changes: { netlink: 8, raw: 8, encode: 8, libnftables: 2, nft: 1 },
  });
  expect(node.operations.map(({ operation }) => operation)).toEqual([...OPERATIONS]);
  for (const { operation, samples, plan } of node.operations) {
    expect(plan).toHaveLength(8);
    expect(
      [...samples].map(([writer, { write, removal }]) => [writer, write.length, removal.length]),
    ).toEqual([
      ["netlink", 16, 16],
      ["raw", 16, 16],
      ["encode", 16, 16],
      ["libnftables", 4, 4],
      ["nft", 2, 2],
    ]);
    const seconds = [...samples.values()].flatMap(({ write, removal, tidy }) => [
      ...write,
      ...removal,
      ...tidy,
    ]);
    expect(Math.min(...seconds)).toBeGreaterThan(0);
    // A member that goes, or a rule that is written anew, leaves nothing behind.
    const leaves = operation === "endpoint" || operation === "policy";
    expect((samples.get("netlink")?.tidy.length ?? 0) > 0).toBe(leaves);
  }
});
