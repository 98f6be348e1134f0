import { setImmediate } from "node:timers/promises";
import type { Dataplane, Settled } from "../../dataplane/dataplane.ts";
import type { Batch } from "../../dataplane/nft/batch.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import type { Update } from "../../model/update.ts";
import { type Compiler, createCompiler } from "../../policy/compiler.ts";
import { type Recorded, recordingWriter, type RecordingWriter } from "./recording-writer.ts";

/** What one change came to in the kernel. */
export interface DrivenChange {
  /** Until it was in force. */
  readonly write: readonly Batch[];
  /** What nothing used any more, deleted afterwards. */
  readonly tidy: readonly Batch[];
  /** From the wish until it was in force, without the writer. */
  readonly planSeconds: number;
}

/** The real compiler and the real driver, on top of a writer. */
export interface DrivenNode extends AsyncDisposable {
  /** Everything that made the table what it is. */
  readonly built: readonly Batch[];
  readonly chains: number;
  /** Maps included. */
  readonly sets: number;
  change(updates: readonly Update[]): Promise<DrivenChange>;
}

type Changed = Extract<Settled, { readonly kind: "applied" }>;

const batchesOf = (recorded: readonly Recorded[]): Batch[] => recorded.map(({ batch }) => batch);

/** Both driven to their end: what is deleted afterwards, too. */
async function bringAbout(
  { compiler, dataplane }: { readonly compiler: Compiler; readonly dataplane: Dataplane },
  updates: readonly Update[],
): Promise<{ readonly beganAt: number; readonly settled: Changed }> {
  compiler.apply(updates);
  const touched = compiler.takeTouched();
  const beganAt = performance.now();
  dataplane.want(compiler.ruleset, touched);
  const settled = await dataplane.settle();
  await dataplane.tidied();
  if (settled.kind !== "applied") throw new Error(`a change was not carried out: ${JSON.stringify(settled)}`);
  return { beganAt, settled };
}

function changeOf(recording: RecordingWriter, beganAt: number, { inForceAt }: Changed): DrivenChange {
  const recorded = recording.takeRecorded();
  const write = recorded.filter((one) => one.beganAt < inForceAt);
  const tidy = recorded.filter((one) => one.beganAt >= inForceAt);
  const writing = write.reduce((sum, one) => sum + one.endedAt - one.beganAt, 0);
  return {
    write: batchesOf(write),
    tidy: batchesOf(tidy),
    planSeconds: (inForceAt - beganAt - writing) / 1000,
  };
}

/** Its table holds what the updates ask for. The writer stays the caller's. */
export async function driveNode(writer: NftWriter, updates: readonly Update[]): Promise<DrivenNode> {
  const recording = recordingWriter(writer);
  const compiler = createCompiler();
  const dataplane = openNftDataplane(recording, {
    // The grace doubles each program, for a few minutes of a node's life.
    graceMilliseconds: 0,
    linger: () => setImmediate(),
  });
  await bringAbout({ compiler, dataplane }, updates);
  recording.endBuilding();
  const { chains, sets } = dataplane.status;
  return {
    built: batchesOf(recording.takeRecorded()),
    chains,
    sets,
    async change(some) {
      const { beganAt, settled } = await bringAbout({ compiler, dataplane }, some);
      return changeOf(recording, beganAt, settled);
    },
    [Symbol.asyncDispose]: () => dataplane[Symbol.asyncDispose](),
  };
}
