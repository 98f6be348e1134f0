import type { Measurement } from "../measurement.ts";
import type { Result } from "../result.ts";
import { type MeasuredNode, measureNode } from "./measured-node.ts";
import { shapeOfTable } from "./shape-of-table.ts";
import { growthResults, nodeResults } from "./node-results.ts";
import { LARGE } from "./large.ts";
import type { SamplingOptions } from "./sampling.ts";
import type { NodeShape } from "./world.ts";

function shapeOf(endpoints: number): NodeShape {
  return { name: String(endpoints), endpoints, isolated: 0 };
}

/** The kernel finds a set by walking the list of all: making 10,000 of them takes it 10 s, for each table. */
const HUGE = shapeOf(5000);

/** There a change takes the kernel 10 ms and more. */
const FEW: SamplingOptions = {
  rounds: 10,
  changes: { netlink: 10, raw: 10, encode: 10, libnftables: 4, nft: 1 },
};

const SAMPLING: SamplingOptions = {
  rounds: 10,
  changes: { netlink: 50, raw: 50, encode: 50, libnftables: 4, nft: 1 },
};

async function* run(
  full: boolean,
  progress: (text: string) => void,
): AsyncGenerator<Result, void, undefined> {
  let smallest: MeasuredNode | undefined;
  const shapes = [...[10, 100, 1000].map(shapeOf), await shapeOfTable(LARGE), HUGE];
  for (const shape of shapes) {
    progress(`kernel-write: ${shape.name}`);
    const sampling = shape === HUGE ? FEW : SAMPLING;
    const others = full || shape !== HUGE;
    const node = await measureNode({ ...sampling, shape, others, driven: 5 });
    smallest ??= node;
    yield* nodeResults(shape.name, node);
    yield* growthResults(shape.name, smallest, node);
  }
}

/** The same batches by our netlink writer, by libnftables and by a forked nft. */
export const kernelWrite: Measurement = {
  name: "kernel-write",
  summary: "what one element, endpoint or policy costs the kernel, by netlink, libnftables and nft",
  run: ({ full, progress }) => run(full, progress),
};
