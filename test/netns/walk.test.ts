import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type NftDataplaneOptions, openNftDataplane } from "../../dataplane/nft/driver.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { builtFresh, FAST } from "../dataplane/fake-dataplane.ts";
import { edited, edits, EMPTY_UNIVERSE, rulesetOf, touchedBetween } from "../dataplane/random-wishes.ts";
import { listedTable, nftOrThrow } from "./nft-command.ts";

const seed = Number(process.env["TORTIE_SEED"] ?? Date.now() % 2 ** 31);
const KINDS = ["netlink", "libnftables"] as const;

const walks = fc.array(fc.array(edits, { minLength: 1, maxLength: 4 }), { minLength: 3, maxLength: 10 });

const WAYS: readonly (readonly [string, Partial<NftDataplaneOptions>])[] = [
  ["alone", FAST],
  ["beside another CNI", { ...FAST, foreignInterfaces: true }],
];

test.each(KINDS.flatMap((kind) => WAYS.map(([way, options]) => [kind, way, options] as const)))(
  "%s, %s: the kernel follows the wish step by step and holds what a build from scratch holds",
  async (kind, _, options) => {
    const walk = fc.asyncProperty(walks, async (groups) => {
      using namespace = NetworkNamespace.create();
      using writer = namespace.run(() => openWriter(kind));
      await using dataplane = openNftDataplane(writer, options);
      let universe = EMPTY_UNIVERSE;
      let before = rulesetOf(universe);
      dataplane.want(before, undefined);
      expect(await dataplane.settle()).toMatchObject({ kind: "applied" });
      for (const edit of groups.flat()) {
        universe = edited(universe, edit);
        const after = rulesetOf(universe);
        dataplane.want(after, touchedBetween(before, after));
        before = after;
        const settled = await dataplane.settle();
        expect(settled).toMatchObject({ kind: expect.stringMatching(/^(applied|unchanged)$/) });
        expect(dataplane.status.epoch).toBe(1);
      }
      await dataplane.tidied();
      expect(dataplane.status).toMatchObject(countsOf(listedTable(namespace, TABLE)));
      using fresh = NetworkNamespace.create();
      nftOrThrow(fresh, ["-f", "-"], (await builtFresh(before, options)).replaceAll(/\be-/g, "e1-"));
      expect(withoutTable(listedTable(namespace, TABLE))).toEqual(withoutTable(listedTable(fresh, TABLE)));
    });
    await fc.assert(walk, { seed, numRuns: 20 });
  },
);

/**
 * Without the table, whose flags nft 1.0.6 lists as it pleases when it is owned, and without the base chain that stays
 * when nobody is masqueraded any more: its rules are compared.
 */
function withoutTable(listing: string): string[] {
  const isLeftOut = (line: string) =>
    line.startsWith('{"table"') || (line.startsWith('{"chain"') && line.includes('"name":"hook-masquerade"'));
  return listing.split("\n").filter((line) => !isLeftOut(line));
}

interface ListedSet {
  readonly elem?: readonly unknown[];
}

/** What `nft -j list table` holds, counted. */
function countsOf(listing: string): { chains: number; sets: number; elements: number } {
  const objects = listing
    .split("\n")
    .flatMap((line): Record<string, ListedSet>[] => (line === "" ? [] : [JSON.parse(line)]));
  const sets = objects.flatMap(({ set, map }) => set ?? map ?? []);
  return {
    chains: objects.filter((one) => "chain" in one).length,
    sets: sets.length,
    elements: sets.reduce((sum, { elem }) => sum + (elem?.length ?? 0), 0),
  };
}
