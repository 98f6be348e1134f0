import { parseArgs } from "node:util";
import type { Measurement } from "./measurement.ts";

/** What one run is asked for. */
export interface BenchArguments {
  readonly measurements: readonly Measurement[];
  readonly full: boolean;
  /** Where the figures go as JSON; undefined: nowhere. */
  readonly json: string | undefined;
  /** Write docs/performance.md and what it is made of. */
  readonly page: boolean;
}

export type ReadArguments =
  | { readonly kind: "run"; readonly asked: BenchArguments }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

function helpText(measurements: readonly Measurement[]): string {
  const width = Math.max(...measurements.map(({ name }) => name.length)) + 2;
  const list = measurements.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`).join("");
  return `bun run bench [--only NAME[,NAME...]] [--full] [--json FILE] [--page]

Measures what Tortie costs, in network namespaces that are gone afterwards, and judges it by the project's goals. As root.
Nothing else should run on the machine meanwhile: what is too noisy to judge is said so.

  --only NAMES   some of the measurements below; without it, all
  --full         the large sizes and the long times, too: hours
  --json FILE    write the figures as a list of {metric, labels, unit, p50, p99, n}; \`-\` is standard output
  --page         write docs/performance.md from this run's figures
  --help

${list}`;
}

/** Reads the words after \`bun run bench\`. */
export function readArguments(words: readonly string[], known: readonly Measurement[]): ReadArguments {
  const hint = "next: bun run bench --help";
  let values;
  try {
    ({ values } = parseArgs({
      args: [...words],
      options: {
        only: { type: "string", multiple: true, default: [] },
        full: { type: "boolean", default: false },
        json: { type: "string" },
        page: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    return { kind: "wrong", text: `${error instanceof Error ? error.message : String(error)}; ${hint}` };
  }
  if (values.help) return { kind: "help", text: helpText(known) };
  const names = values.only.flatMap((list) => list.split(",")).filter((name) => name !== "");
  const strange = names.find((name) => known.every((one) => one.name !== name));
  if (strange !== undefined) {
    const all = known.map(({ name }) => name).join(", ");
    return { kind: "wrong", text: `there is no measurement ${JSON.stringify(strange)}, but ${all}` };
  }
  if (values.only.length > 0 && names.length === 0)
    return { kind: "wrong", text: `--only names nothing; ${hint}` };
  if (values.page && names.length > 0)
    return { kind: "wrong", text: "--page shows all measurements: it does not go with --only" };
  const measurements = names.length === 0 ? known : known.filter(({ name }) => names.includes(name));
  return {
    kind: "run",
    asked: { measurements, full: values.full, json: values.json, page: values.page },
  };
}
