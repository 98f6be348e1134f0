import cluster from "../examples/demo/00-cluster.yaml" with { type: "text" };
import defaultDeny from "../examples/demo/10-default-deny.yaml" with { type: "text" };
import podLabel from "../examples/demo/20-allow-pod-label.yaml" with { type: "text" };
import namespaceLabel from "../examples/demo/30-allow-namespace-label.yaml" with { type: "text" };
import ipBlock from "../examples/demo/40-ip-block.yaml" with { type: "text" };
import portRange from "../examples/demo/50-port-range.yaml" with { type: "text" };
import egress from "../examples/demo/60-egress.yaml" with { type: "text" };
import type { LabFlow } from "./lab/lab.ts";

// Inside the program, so that the executable needs no files beside it.

/** One file of examples/demo. */
export interface ExampleFile {
  readonly name: string;
  readonly text: string;
}

/** A policy to write, and one flow whose fate it changes. */
export interface Step {
  readonly file: ExampleFile;
  readonly watch: LabFlow;
  /** What becomes of that flow. */
  readonly arrives: boolean;
}

function example(name: string, text: unknown): ExampleFile {
  return { name, text: String(text) };
}

function tcp80(from: string, to: string): LabFlow {
  return { from, to, protocol: "TCP", port: 80, family: 4 };
}

export const CLUSTER: ExampleFile = example("00-cluster.yaml", cluster);

export const STEPS: readonly Step[] = [
  {
    file: example("10-default-deny.yaml", defaultDeny),
    watch: tcp80("y/a", "x/a"),
    arrives: false,
  },
  { file: example("20-allow-pod-label.yaml", podLabel), watch: tcp80("x/b", "x/a"), arrives: true },
  {
    file: example("30-allow-namespace-label.yaml", namespaceLabel),
    watch: tcp80("y/a", "x/b"),
    arrives: true,
  },
  { file: example("40-ip-block.yaml", ipBlock), watch: tcp80("z/a", "y/c"), arrives: false },
  { file: example("50-port-range.yaml", portRange), watch: tcp80("y/b", "z/a"), arrives: false },
  { file: example("60-egress.yaml", egress), watch: tcp80("z/b", "y/b"), arrives: false },
];

/** What the file says of itself: its first comment. */
export function introduction({ text }: ExampleFile): string[] {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("# "));
  return lines.slice(0, end).map((line) => line.slice(2));
}
