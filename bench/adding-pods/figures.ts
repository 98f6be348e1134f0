import { type Result, resultOf } from "../result.ts";
import type { MeasuredAdds } from "./measure.ts";

/** Each plugin's time, ours in its parts, and how many times as long as ptp ours takes, pod by pod. */
export function figuresOf({ ptp, ours, agent }: MeasuredAdds): Result[] {
  const own = ours.map((seconds, at) => seconds - (agent[at] ?? Number.NaN));
  const seconds = (plugin: string, part: string, samples: readonly number[]): Result =>
    resultOf({ metric: "cni_add_seconds", labels: { plugin, part }, unit: "seconds" }, samples);
  const ratio = (part: string, samples: readonly number[]): Result =>
    resultOf(
      { metric: "cni_add_ratio", labels: { part }, unit: "ratio" },
      samples.map((one, at) => one / (ptp[at] ?? Number.NaN)),
    );
  return [
    seconds("ptp", "whole", ptp),
    seconds("tortie", "whole", ours),
    seconds("tortie", "agent", agent),
    seconds("tortie", "without the agent", own),
    ratio("whole", ours),
    ratio("without the agent", own),
  ];
}
