import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { createExplainer, explain, ExplainError, type Explanation } from "../../policy/explain.ts";
import type { Flow } from "../../policy/explain.ts";
import { flowOf, type Untold } from "../agreement/flow-of.ts";
import { readWorld } from "../agreement/read-world.ts";
import { arbitraryFlowChoice, chooseFlow, worldFlows } from "../worlds/flows.ts";
import { printFlow, printWorld } from "../worlds/print-world.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import type { Profile } from "../worlds/vocabulary.ts";
import { arbitraryWorld } from "../worlds/world.ts";
import { decisions } from "./decisions.ts";
import type { OracleFlow, World } from "./objects.ts";
import { oracleVerdict } from "./oracle.ts";

// Ten times as many worlds must fit too.
setDefaultTimeout(300_000);
const seed = testSeed();
const WORLDS = testRuns("TORTIE_WORLDS", 2000);
const FLOWS_PER_WORLD = 20;

beforeAll(() => {
  process.stdout.write(`agreement: ${WORLDS} worlds a profile, TORTIE_SEED=${seed}\n`);
});

/** Without an address of the family at both ends there is no packet, so none arrives. */
function verdictOf(judge: () => Explanation): { allowed: boolean; steps: unknown } {
  try {
    const { verdict, steps } = judge();
    return { allowed: verdict === "allowed", steps };
  } catch (error) {
    if (error instanceof ExplainError && error.kind === "noCommonFamily") {
      return { allowed: false, steps: error.message };
    }
    throw error;
  }
}

/** How often each kind of answer was compared. */
interface Tally {
  allowed: number;
  denied: number;
  byRule: number;
  untranslated: number;
  because: Map<Untold, number>;
}

/** Throws, with everything that repeats it, where the two disagree. */
function compare(world: World, flow: OracleFlow, judge: (flow: Flow) => Explanation, tally: Tally): void {
  const translated = flowOf(world, flow);
  if (typeof translated === "string") {
    tally.untranslated++;
    tally.because.set(translated, (tally.because.get(translated) ?? 0) + 1);
    return;
  }
  const wanted = oracleVerdict(world, flow);
  const found = verdictOf(() => judge(translated));
  tally[wanted.allowed ? "allowed" : "denied"]++;
  if (/gress\[\d/.test(wanted.reason)) tally.byRule++;
  if (found.allowed === wanted.allowed) return;
  throw new Error(
    [
      `oracle and explain disagree on ${printFlow(flow)}; repeat with TORTIE_SEED=${seed}`,
      `oracle: ${wanted.allowed ? "allowed" : "denied"}, ${wanted.reason}`,
      `explain: ${found.allowed ? "allowed" : "denied"}, ${JSON.stringify(found.steps, null, 2)}`,
      printWorld(world),
    ].join("\n"),
  );
}

function newTally(): Tally {
  return { allowed: 0, denied: 0, byRule: 0, untranslated: 0, because: new Map() };
}

describe("explain", () => {
  test.each(decisions.map((decision) => [decision.name, decision] as const))("%s", async (_, decision) => {
    const { state } = await readWorld(decision.world);
    const explainer = createExplainer(state);
    const tally = newTally();
    for (const flow of [...decision.allowed, ...decision.denied]) {
      compare(decision.world, flow, (translated) => explain(state, translated), tally);
      compare(decision.world, flow, explainer, tally);
    }
    expect(tally).toMatchObject({
      allowed: 2 * decision.allowed.length,
      denied: 2 * decision.denied.length,
      untranslated: 0,
    });
  });
});

describe.each<Profile>(["logical", "packets"])("worlds of the profile %s", (profile) => {
  test(`the oracle and explain agree in ${WORLDS} of them`, async () => {
    const tally = newTally();
    const choices = fc.array(arbitraryFlowChoice, {
      minLength: FLOWS_PER_WORLD,
      maxLength: FLOWS_PER_WORLD,
    });
    await fc.assert(
      fc.asyncProperty(arbitraryWorld({ profile }), choices, async (world, chosen) => {
        const { state, problems } = await readWorld(world);
        expect(problems).toEqual([]);
        const explainer = createExplainer(state);
        for (const [index, choice] of chosen.entries()) {
          const judge = index === 0 ? (flow: Flow) => explain(state, flow) : explainer;
          compare(world, chooseFlow(world, choice, profile), judge, tally);
        }
      }),
      { seed, numRuns: WORLDS, includeErrorInReport: true },
    );
    process.stdout.write(
      `agreement, profile ${profile}: ${JSON.stringify({ ...tally, because: Object.fromEntries(tally.because) })}\n`,
    );
    // Agreement proves little unless every kind of answer was asked for; a handful of worlds may miss one.
    const compared = WORLDS < 500 ? 0 : WORLDS * FLOWS_PER_WORLD;
    expect(tally.allowed).toBeGreaterThanOrEqual(compared / 5);
    expect(tally.denied).toBeGreaterThanOrEqual(compared / 5);
    expect(tally.byRule).toBeGreaterThanOrEqual(compared / 100);
    expect(tally.allowed + tally.denied).toBeGreaterThanOrEqual(compared * 0.95);
  });
});

test("the oracle and explain agree on every flow of a few whole worlds", async () => {
  const tally = newTally();
  await fc.assert(
    fc.asyncProperty(arbitraryWorld({ profile: "packets" }), async (world) => {
      const explainer = createExplainer((await readWorld(world)).state);
      for (const flow of worldFlows(world, { profile: "packets" })) compare(world, flow, explainer, tally);
    }),
    { seed, numRuns: Math.ceil(WORLDS / 200), includeErrorInReport: true },
  );
  expect(tally.allowed).toBeGreaterThan(0);
});
