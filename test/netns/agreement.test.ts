import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import { TABLE } from "../../dataplane/nft/names.ts";
import { createExplainer } from "../../policy/explain.ts";
import { flowOf } from "../agreement/flow-of.ts";
import { allFlows, forgedFlows } from "../agreement/lab-flows.ts";
import { openPolicedLab, type PolicedLab } from "../agreement/policed-lab.ts";
import { readWorld } from "../agreement/read-world.ts";
import { decisions } from "../oracle/decisions.ts";
import type { OracleFlow, World } from "../oracle/objects.ts";
import { oracleVerdict } from "../oracle/oracle.ts";
import { flowFitsLab, worldFitsLab } from "../worlds/fits-lab.ts";
import { printFlow, printWorld } from "../worlds/print-world.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { arbitraryWorld } from "../worlds/world.ts";
import { nft } from "./nft-command.ts";

// What is compared is the fate of a flow's first packet. TCP and UDP count as arrived when an answer came back, which
// the state rules let through; SCTP and every packet with a source written by hand when it was seen at the other end;
// ICMP is an echo request. No source port is used twice in a lab, so no flow continues one of an earlier world.

// Ten times as many worlds must fit too.
setDefaultTimeout(900_000);
const seed = testSeed();
const WORLDS = testRuns("TORTIE_PACKET_WORLDS", 60);
/** Worlds a lab: each lab begins with a first install and an empty memory of connections. */
const WORLDS_PER_LAB = 15;
/** Every fifth world is probed with these protocols as well. */
const RARE = ["SCTP", "ICMP"];
const FREQUENT = ["TCP", "UDP"];
const FORGED = 100;

/** What was compared, and found equal. */
interface Tally {
  worlds: number;
  flows: number;
  allowed: number;
  /** Packets with a source written by hand: a lie, or the truth, of which these got through. */
  forged: number;
  honest: number;
}

function newTally(): Tally {
  return { worlds: 0, flows: 0, allowed: 0, forged: 0, honest: 0 };
}

beforeAll(() => {
  process.stdout.write(`packets = explain = oracle: ${WORLDS} random worlds, TORTIE_SEED=${seed}\n`);
});

function say(allowed: boolean | undefined): string {
  return allowed === true ? "allowed" : "denied";
}

/** Puts the world in force and compares all three; throws with everything that repeats a disagreement. */
async function compare(
  policed: PolicedLab,
  world: World,
  flows: readonly OracleFlow[],
  tally: Tally,
): Promise<void> {
  const { state } = await readWorld(world);
  await policed.enforce(state);
  const explain = createExplainer(state);
  const packets = await policed.probe(flows);
  const wrong: string[] = [];
  for (const [index, flow] of flows.entries()) {
    const asked = flowOf(world, flow);
    if (typeof asked === "string") throw new Error(`${printFlow(flow)}: ${asked}`);
    const oracle = oracleVerdict(world, flow);
    const { verdict, steps } = explain(asked);
    if (oracle.allowed) tally.allowed++;
    if (flow.claimedSource !== undefined) {
      if (steps.some(({ at, verdict: one }) => at === "gate" && one === "deny")) tally.forged++;
      else if (oracle.allowed) tally.honest++;
    }
    if (packets[index] === oracle.allowed && (verdict === "allowed") === oracle.allowed) continue;
    wrong.push(
      `${printFlow(flow)}: packets ${say(packets[index])}, explain ${verdict}, oracle ${say(oracle.allowed)}`,
      `  explain: ${steps.map(({ because }) => because).join("; ")}`,
      `  oracle: ${oracle.reason}`,
    );
  }
  tally.worlds++;
  tally.flows += flows.length;
  if (wrong.length === 0) return;
  const { output } = nft(policed.lab.node.network, ["list", "table", "inet", TABLE]);
  const counts = `${wrong.length / 3} of ${flows.length} flows differ; repeat with TORTIE_SEED=${seed}`;
  throw new Error([counts, ...wrong.slice(0, 30), printWorld(world), output].join("\n"));
}

/** Every other world has the policies of the one before: only labels and ports change, so sets change in the kernel. */
function changingWorlds(worlds: readonly World[]): World[] {
  return worlds.map((world, index) => ({
    ...world,
    policies: worlds[index % 2 === 0 ? index : index - 1]?.policies ?? [],
  }));
}

test("every decision that fits the lab, by packets", async () => {
  await using policed = openPolicedLab();
  const tally = newTally();
  for (const { name, world, allowed, denied } of decisions.filter((one) => worldFitsLab(one.world))) {
    const flows = [...allowed, ...denied].filter(
      (flow) => flowFitsLab(flow) && [...FREQUENT, ...RARE].includes(flow.protocol),
    );
    if (flows.length === 0) continue;
    await compare(policed, world, flows, tally).catch((error: unknown) => {
      throw new Error(`${name}: ${String(error)}`, { cause: error });
    });
  }
  expect(tally.worlds).toBeGreaterThan(decisions.length / 2);
  process.stdout.write(
    `${tally.worlds} of ${decisions.length} decisions, ${tally.flows} flows: packets = explain = oracle\n`,
  );
});

test(`${WORLDS} random worlds: packets, explain and the oracle agree on every flow`, async () => {
  const worlds = changingWorlds(fc.sample(arbitraryWorld({ profile: "packets" }), { seed, numRuns: WORLDS }));
  const tally = newTally();
  for (let at = 0; at < worlds.length; at += WORLDS_PER_LAB) {
    await using policed = openPolicedLab();
    for (const [offset, world] of worlds.slice(at, at + WORLDS_PER_LAB).entries()) {
      const index = at + offset;
      const protocols = index % 5 === 0 ? [...FREQUENT, ...RARE] : FREQUENT;
      const forged = forgedFlows(protocols, { seed: seed + index, count: FORGED });
      await compare(policed, world, [...allFlows(world, protocols), ...forged], tally);
    }
  }
  const { flows, allowed, forged, honest } = tally;
  expect(forged).toBeGreaterThan(50 * WORLDS);
  // Agreement proves little unless every kind of answer was given; a handful of worlds may miss one.
  const tenth = WORLDS < 20 ? 0 : flows / 10;
  expect(allowed).toBeGreaterThanOrEqual(tenth);
  expect(flows - allowed).toBeGreaterThanOrEqual(tenth);
  expect(honest).toBeGreaterThanOrEqual(WORLDS < 20 ? 0 : 1);
  process.stdout.write(
    `of ${flows} flows ${allowed} allowed, ${forged} with a forged source, ${honest} made by hand that arrived, TORTIE_SEED=${seed}\n` +
      `${tally.worlds} worlds, ${flows} flows: packets = explain = oracle\n`,
  );
});
