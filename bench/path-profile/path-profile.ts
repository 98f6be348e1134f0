import type { Measurement } from "../measurement.ts";
import { clusterSize } from "../scripted-cluster/cluster-size.ts";
import { profile } from "./profile.ts";

const SIZES = [10_000];
const FULL_SIZES = [10_000, 150_000];

/** One pod of another node joins the peers of policies: where the time goes in the agent's own functions. */
export const pathProfile: Measurement = {
  name: "path-profile",
  summary:
    "where the microseconds go, from a line of the watch to the batch and from the batch to the kernel",
  async *run({ full, progress }) {
    for (const pods of full ? FULL_SIZES : SIZES) {
      const size = clusterSize({ pods, policies: 1_000, local: 110 });
      yield* profile({ size, warmUp: 1_000, counted: 5_000, progress });
    }
  },
};
