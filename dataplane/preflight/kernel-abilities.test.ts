import { expect, test } from "bun:test";
import { SystemCallError } from "../../native/system-call-error.ts";
import type { Batch } from "../nft/batch.ts";
import type { NftWriter } from "../nft/writer.ts";
import { kernelAbilities } from "./kernel-abilities.ts";

const EPROTONOSUPPORT = 93;

/** The code with which each command is refused, by its place in its batch; -1: the batch as a whole. */
type Refusals = (batch: Batch) => Readonly<Record<number, string>>;

/** A writer that is closed when it was used. */
function writer(refusals: Refusals): { open: () => NftWriter; closed: () => boolean } {
  let closed = false;
  const fake: NftWriter = {
    kind: "netlink",
    canOwn: true,
    byteLimit: 1_000_000,
    batchBytes: () => 0,
    apply(batch) {
      const entries = Object.entries(refusals(batch));
      const failures = entries.map(([index, code]) => ({ index: Number(index), code, message: `${code}!` }));
      return failures.length === 0 ? { ok: true } : { ok: false, failures };
    },
    tableNames: () => undefined,
    [Symbol.dispose]: () => void (closed = true),
  };
  return { open: () => fake, closed: () => closed };
}

const last = ({ nftables }: Batch): number => nftables.length - 1;

test("each ability that the kernel refuses is named once", () => {
  const { open, closed } = writer((batch) =>
    last(batch) > 2
      ? { 2: "ENOENT", 3: "EOPNOTSUPP", 4: "ENOENT", [last(batch)]: "ENOENT" }
      : { 1: "ENOENT" },
  );
  expect(kernelAbilities(open)).toEqual({
    noTables: undefined,
    ownedTables: true,
    lacking: ["connection tracking", "sets of address ranges"],
  });
  expect(closed()).toBe(true);
});

test.each([
  ["no table can be made", () => writer(() => ({ 0: "EINVAL" })).open(), "EINVAL"],
  ["nobody takes the batch", () => writer(() => ({ [-1]: "EOPNOTSUPP" })).open(), "EOPNOTSUPP"],
  [
    "there are no sockets for it",
    () => {
      throw new SystemCallError("open a netlink socket", EPROTONOSUPPORT);
    },
    "EPROTONOSUPPORT",
  ],
])("a kernel without nftables: %s", (_, open, code) => {
  expect(kernelAbilities(open)).toEqual({ noTables: code, ownedTables: false, lacking: [] });
});

test.each([
  ["not by this user", { [-1]: "EPERM" }, "EPERM"],
  ["not by this user's namespace", { 0: "EPERM", 1: "ENOENT" }, "EPERM"],
  ["for another reason", { [-1]: "ENOBUFS" }, "ENOBUFS!"],
])("what may not be tried is no answer: %s", (_, refusals, words) => {
  const { open, closed } = writer(() => refusals);
  expect(() => kernelAbilities(open)).toThrow(words);
  expect(closed()).toBe(true);
});
