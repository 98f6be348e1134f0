import type { Measurement } from "../measurement.ts";
import { figuresOf } from "./figures.ts";
import { measureAdds } from "./measure.ts";

/** Wired before the first one is measured. */
const PODS = 100;

export const addingPods: Measurement = {
  name: "adding-pods",
  summary: "how long a pod waits for its network: ADD of our CNI plugin beside ptp of containernetworking",
  async *run(context) {
    const { full, directory, progress } = context;
    const runs = full ? 500 : 100;
    progress(`${PODS} pods, then ${runs} of each plugin in turn`);
    const executable = await context.executable();
    yield* figuresOf(await measureAdds({ executable, directory, runs, pods: PODS }));
  },
};
