import { fileDatastore } from "../adapters/file/datastore.ts";
import type { AgentProcess } from "./agent-process.ts";
import { introduction, type Step, STEPS } from "./examples.ts";
import { agree, disagreementText, type Opinions, opinions, readOnce } from "./judges.ts";
import type { Lab, LabFlow } from "./lab/lab.ts";
import type { ManifestDirectory } from "./manifests.ts";
import { CELLS, forgedFlows } from "./probe-plan.ts";
import { countChanges, legendLines, makeTable, type Table, tableLines } from "./table.ts";

/** Milliseconds that a change may take until packets feel it. */
const CHANGE_LIMIT = 20_000;
const MOST_DISAGREEMENTS = 10;

export interface TourParts {
  readonly lab: Lab;
  readonly directory: ManifestDirectory;
  readonly agent: AgentProcess;
  /** Prints one line. */
  readonly say: (line: string) => void;
  readonly stopping: AbortSignal;
}

export interface TourResult {
  readonly probes: number;
  readonly asExpected: number;
}

function changeText(count: number): string {
  return count === 1 ? "One pair changed, in brackets." : `${count} pairs changed, in brackets.`;
}

/** Walks through the examples: writes one after another, measures with packets, and says what is seen. */
export async function tour({ lab, directory, agent, say, stopping }: TourParts): Promise<TourResult> {
  let probes = 0;
  let asExpected = 0;
  let chapter = 0;
  let before: Table | undefined;

  function open(title: readonly string[]): void {
    chapter++;
    say("");
    for (const [index, line] of title.entries()) say(index === 0 ? `${chapter}. ${line}` : `   ${line}`);
    say("");
  }

  async function measure(flows: readonly LabFlow[]): Promise<Opinions[]> {
    stopping.throwIfAborted();
    const began = performance.now();
    const packets = await lab.probe(flows);
    const took = Math.round(performance.now() - began);
    const state = await readOnce(fileDatastore({ directory: directory.path, nodeName: "node" }));
    const found = opinions(flows, packets, { state, world: directory.world() });
    const wrong = found.filter((opinion) => !agree(opinion));
    probes += found.length;
    asExpected += found.length - wrong.length;
    const verdict =
      wrong.length === 0
        ? "packets, explain and oracle agree on every one"
        : `packets, explain and oracle DISAGREE on ${wrong.length}`;
    say(`   ${found.length} probes in ${took} ms: ${verdict}.`);
    for (const opinion of wrong.slice(0, MOST_DISAGREEMENTS)) say(`     ${disagreementText(opinion)}`);
    return found;
  }

  async function showTable(): Promise<void> {
    const flows = CELLS.flatMap((cell) => cell.flows);
    const found = await measure(flows);
    const now = makeTable(
      found.map(({ packets }) => packets),
      before,
    );
    say("");
    for (const line of tableLines(now, before)) say(line);
    const notes = legendLines(now);
    if (before !== undefined) notes.push(changeText(countChanges(now, before)));
    if (notes.length > 0) say("");
    for (const line of notes) say(`   ${line}`);
    before = now;
  }

  /** Makes a change and waits until it is in the kernel, with one flow as the witness of when. */
  async function change({ watch, arrives }: Omit<Step, "file">, act: () => number): Promise<void> {
    const passes = agent.passes;
    const failing = new AbortController();
    const witness = lab.firstChange(watch, arrives, {
      limit: CHANGE_LIMIT,
      stopping: AbortSignal.any([stopping, failing.signal]),
    });
    const changedAt = act();
    const inKernel = await agent.settledAfter(passes, stopping).catch((error: unknown) => {
      failing.abort();
      throw error;
    });
    const felt = await witness;
    if (felt === undefined) say(`   NO packet from ${watch.from} to ${watch.to} felt it.`);
    else say(`   Packets feel it ${(felt - changedAt).toFixed(1)} ms after the change on disk.`);
    say(`   The agent took ${inKernel.toFixed(1)} ms from noticing it to the kernel's answer.`);
  }

  open(["No policies yet: everybody reaches everybody."]);
  await showTable();

  for (const { file, watch, arrives } of STEPS) {
    open([`examples/demo/${file.name}`, ...introduction(file)]);
    await change({ watch, arrives }, () => directory.write(file));
    await showTable();
  }

  open([
    "A forged address: x/a listens to x/b, so every other pod now sends packets that claim to come from x/b.",
    "They are dropped at the door of the node, because that address is not behind their interface.",
  ]);
  const forged = await measure(forgedFlows(lab.pods.get("x/b")?.addresses ?? [], "x/b", "x/a"));
  say(`   ${forged.filter(({ packets }) => packets).length} of ${forged.length} forged packets reached x/a.`);

  open(["All policies removed: everybody reaches everybody again."]);
  const [first] = STEPS;
  const names = STEPS.map(({ file }) => file.name);
  if (first !== undefined)
    await change({ watch: first.watch, arrives: !first.arrives }, () => directory.remove(names));
  await showTable();
  return { probes, asExpected };
}
