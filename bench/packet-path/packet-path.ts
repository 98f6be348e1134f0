import { createLab } from "../../demo/lab/lab.ts";
import { placeAddress } from "../../demo/lab/place.ts";
import type { BenchContext, Measurement } from "../measurement.ts";
import type { Result } from "../result.ts";
import { figuresOf } from "./figures.ts";
import { measureRounds } from "./measure-rounds.ts";
import type { Path, Plan, Round } from "./plan.ts";
import { CLIENT, lastPort, SERVER } from "./policies.ts";
import { type Ends, putInForce } from "./table-in-force.ts";
import { tasksOf, type Variant, VARIANTS } from "./variants.ts";

/** How long is measured. */
export type Effort = Pick<Plan, "rounds" | "passes" | "milliseconds">;

const DEFAULT_EFFORT: Effort = { rounds: 28, passes: 4, milliseconds: 20 };
const FULL_EFFORT: Effort = { ...DEFAULT_EFFORT, rounds: 200 };

/** A node of its own for each variant, so that going from one to the next changes nothing in any kernel table. */
async function openVariant(resources: AsyncDisposableStack, { table }: Variant): Promise<Path> {
  const lab = resources.use(createLab({ pods: [CLIENT, SERVER] }));
  const [client, server] = [CLIENT, SERVER].map(({ namespace, name }) =>
    lab.pods.get(`${namespace}/${name}`),
  );
  if (client === undefined || server === undefined) throw new Error("the lab lacks its pods");
  const ends: Ends = { client, server };
  resources.use(await putInForce(lab, ends, table));
  return {
    client: client.network.path,
    server: server.network.path,
    addresses: { 4: placeAddress(server, 4), 6: placeAddress(server, 6) },
    port: lastPort(table.kind === "tortie" ? table.policies : 0),
  };
}

/** Measures all variants together: the figures of a round were found within the same two seconds. */
export async function* measurePacketPath(
  effort: Effort,
  progress: BenchContext["progress"],
): AsyncGenerator<Result> {
  await using resources = new AsyncDisposableStack();
  const paths: Path[] = [];
  for (const variant of VARIANTS) paths.push(await openVariant(resources, variant));
  for (const processors of [1, 2] as const) {
    if (processors > navigator.hardwareConcurrency) {
      progress("one processor: client and server are not measured on processors of their own");
      continue;
    }
    const tasks = tasksOf(VARIANTS, processors);
    const rounds: Round[] = [];
    for await (const round of measureRounds({ paths, tasks, ...effort }, processors)) {
      if (rounds.push(round) % 10 === 0)
        progress(`on ${processors} processors: ${rounds.length} of ${effort.rounds} rounds`);
    }
    yield* figuresOf(VARIANTS, { tasks, processors }, rounds);
  }
}

export const packetPath: Measurement = {
  name: "packet-path",
  summary:
    "throughput and new connections between pods with 0 to 1,000 policies, beside a table that accepts established",
  run: ({ full, progress }) => measurePacketPath(full ? FULL_EFFORT : DEFAULT_EFFORT, progress),
};
