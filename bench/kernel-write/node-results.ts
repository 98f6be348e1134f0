import { quantile, type Result, resultOf } from "../result.ts";
import type { MeasuredNode, MeasuredOperation } from "./measured-node.ts";
import type { Samples } from "./sampling.ts";
import type { Writer } from "./replayers.ts";

type Labels = Readonly<Record<string, string>>;

/** Whoever else could carry out the batches. */
const WRITERS: readonly Writer[] = ["netlink", "raw", "libnftables", "nft"];

function single(metric: string, labels: Labels, unit: Result["unit"], value: number): Result {
  return resultOf({ metric, labels, unit }, [value]);
}

function seconds(metric: string, labels: Labels, samples: readonly number[]): Result[] {
  return samples.length === 0 ? [] : [resultOf({ metric, labels, unit: "seconds" }, samples)];
}

function median({ samples }: MeasuredOperation, writer: Writer): number | undefined {
  const found = samples.get(writer)?.write;
  return found === undefined ? undefined : quantile(found, 0.5);
}

function writerResults(labels: Labels, { write, removal, tidy }: Samples): Result[] {
  return [
    ...seconds("kernel_write_seconds", labels, write),
    ...seconds("kernel_removal_seconds", labels, removal),
    ...seconds("kernel_tidy_seconds", labels, tidy),
  ];
}

function operationResults(objects: string, measured: MeasuredOperation): Result[] {
  const labels = { op: measured.operation, objects };
  const { samples, plan } = measured;
  const ours = median(measured, "netlink");
  const parts = { plan, encode: samples.get("encode")?.write, kernel: samples.get("raw")?.write };
  return [
    ...WRITERS.flatMap((writer) => {
      const of = samples.get(writer);
      return of === undefined ? [] : writerResults({ ...labels, writer }, of);
    }),
    ...Object.entries(parts).flatMap(([part, of = []]) =>
      seconds("kernel_write_share_seconds", { ...labels, part }, of),
    ),
    ...(["libnftables", "nft"] as const).flatMap((writer) => {
      const theirs = median(measured, writer);
      if (theirs === undefined || ours === undefined) return [];
      return single("kernel_write_ratio", { ...labels, writer }, "ratio", theirs / ours);
    }),
  ];
}

/** Of one node: what each writer took, what our part takes of it, and how many times as long as ours the others take. */
export function nodeResults(objects: string, { chains, sets, operations }: MeasuredNode): Result[] {
  return [
    single("kernel_table_chains", { objects }, "count", chains),
    single("kernel_table_sets", { objects }, "count", sets),
    ...operations.flatMap((measured) => operationResults(objects, measured)),
  ];
}

/**
 * How many times as long as on the smallest node it takes, by us and by the kernel alone, and how much worse ours grows than
 * the kernel's (`kernel_write_growth_ratio` of writer `netlink to raw`).
 */
export function growthResults(objects: string, smallest: MeasuredNode, node: MeasuredNode): Result[] {
  if (smallest === node) return [];
  return node.operations.flatMap((measured) => {
    const base = smallest.operations.find(({ operation }) => operation === measured.operation);
    const growth = (writer: Writer): number =>
      (median(measured, writer) ?? Number.NaN) / ((base && median(base, writer)) ?? Number.NaN);
    const [ours, kernels] = [growth("netlink"), growth("raw")];
    const of = { netlink: ours, raw: kernels, "netlink to raw": ours / kernels };
    return Object.entries(of).map(([writer, value]) =>
      single("kernel_write_growth_ratio", { op: measured.operation, objects, writer }, "ratio", value),
    );
  });
}
