import { expect, test } from "bun:test";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { BY_ADDRESS, pod, program, type RulesetParts, ruleset } from "../golden/ruleset-builder.ts";
import {
  builtFresh,
  expectClosed,
  expectLateRemovals,
  openFake,
  settleAndTidy,
  tableText,
} from "./fake-dataplane.ts";
import { touchedBetween } from "./random-wishes.ts";

const shut = program("egress", "shut");
const own = pod("x/own", ["10.0.0.1"], { egress: shut });
const shared = pod("x/shared", ["10.0.0.2"], { egress: shut, attachment: BY_ADDRESS });
const ESTABLISHED = "ct state established,related accept";

function wish(parts: RulesetParts): Ruleset {
  return ruleset({ programs: [shut], ...parts });
}

/** The rules of a chain as text. */
function rulesOf(text: string, chain: string): string[] {
  const [, body = ""] = text.split(`\tchain ${chain} {\n`);
  const [rules = ""] = body.split("\t}");
  return rules.split("\n").map((line) => line.trim());
}

const PLAIN = wish({ endpoints: [own] });
const CHANGES: readonly (readonly [name: string, before: Ruleset, after: Ruleset])[] = [
  ["the first pod that only its address tells comes", PLAIN, wish({ endpoints: [own, shared] })],
  ["the last such pod goes", wish({ endpoints: [own, shared] }), PLAIN],
  ["the first range is closed", PLAIN, wish({ endpoints: [own], podRanges: ["10.0.0.0/24"] })],
  ["the last range is opened", wish({ endpoints: [own], podRanges: ["10.0.0.0/24"] }), PLAIN],
];

test.each(CHANGES)("%s: hooks and judges turn at one stroke", async (_, before, after) => {
  const { writer, dataplane } = openFake();
  dataplane.want(before, undefined);
  await settleAndTidy(dataplane);
  const sent = writer.batches.length;
  dataplane.want(after, touchedBetween(before, after));
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: false });
  const flushes = writer.batches
    .slice(sent)
    .map(({ nftables }) =>
      nftables.flatMap((command) => ("flush" in command ? [command.flush.chain.name] : [])),
    );
  const turning = flushes.filter((chains) =>
    chains.some((name) => /^hook-|^e1-(egress|ingress)$/.test(name)),
  );
  expect(turning).toHaveLength(1);
  expect(turning[0]).toEqual(
    expect.arrayContaining(["e1-egress", "e1-ingress", "hook-egress", "hook-ingress"]),
  );
  expect(tableText(writer)).toBe(await builtFresh(after));
  expectClosed(writer.kernel);
  expectLateRemovals(writer);
});

test.each([
  ["only interfaces tell pods", PLAIN, true],
  ["a pod is told by its address", wish({ endpoints: [own, shared] }), false],
  ["a range is closed", wish({ endpoints: [own], podRanges: ["10.0.0.0/24"] }), false],
] as const)("open connections pass exactly one rule of a hook, where %s", async (_, wanted, first) => {
  const { writer, dataplane } = openFake();
  dataplane.want(wanted, undefined);
  await settleAndTidy(dataplane);
  const text = writer.dump(TABLE);
  for (const judge of ["egress", "ingress"]) {
    expect(rulesOf(text, `hook-${judge}`).includes(ESTABLISHED)).toBe(first);
    expect(rulesOf(text, `e1-${judge}`).includes(ESTABLISHED)).toBe(!first);
  }
  expect(rulesOf(text, "hook-input")).not.toContain(ESTABLISHED);
  expect(rulesOf(text, "e1-input")).toContain(ESTABLISHED);
});
