import { expect, test } from "bun:test";
import type { Batch } from "../../dataplane/nft/batch.ts";
import type { Replayer, Writer } from "./replayers.ts";
import { sampleInTurns } from "./sampling.ts";

const batch = (table: string): Batch => ({
  nftables: [{ flush: { chain: { family: "inet", table, name: "c" } } }],
});
const [COME, TIDY, GO] = [batch("come"), batch("tidy"), batch("go")];
const CHANGE = { come: { write: [COME, COME], tidy: [TIDY] }, go: { write: [GO], tidy: [] } };
const COUNTS = { netlink: 3, raw: 1, encode: 1, libnftables: 1, nft: 1 };

function replayer(writer: Writer, told: Writer[]): Replayer {
  return {
    writer,
    carryOut(of) {
      told.push(writer);
      return of === COME ? 1 : of === TIDY ? 10 : 100;
    },
    [Symbol.dispose]: () => {},
  };
}

test("a change's batches are one sample; what is deleted afterwards, and the undoing, are others", () => {
  const replayers = [replayer("netlink", []), replayer("nft", [])];
  const found = sampleInTurns(replayers, [CHANGE], { rounds: 2, changes: COUNTS });
  expect(found.get("netlink")).toEqual({
    write: Array(6).fill(2),
    removal: Array(6).fill(100),
    tidy: Array(6).fill(10),
  });
  expect(found.get("nft")?.write).toHaveLength(2);
});

test("writers take turns", () => {
  const told: Writer[] = [];
  sampleInTurns([replayer("netlink", told), replayer("nft", told)], [CHANGE], { rounds: 2, changes: COUNTS });
  const turns = told.filter((writer, at) => writer !== told[at - 1]);
  expect(turns).toEqual(["netlink", "nft", "netlink", "nft", "netlink", "nft"]);
});
