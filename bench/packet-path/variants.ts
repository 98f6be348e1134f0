import type { Family } from "../../model/address.ts";

/** What stands in a node's kernel. */
export type Table =
  /** Nothing; conntrack is off, too. */
  | { readonly kind: "none" }
  /** One chain at forward with one rule, `ct state established,related accept`; whatever else comes is accepted. */
  | { readonly kind: "established" }
  /** Ours, with so many policies on each of the two pods. */
  | { readonly kind: "tortie"; readonly policies: number };

/** A kernel that packets go through. */
export interface Variant {
  readonly table: Table;
  /** The established table once more: what it differs from the first one is noise. */
  readonly again: boolean;
}

export const POLICIES: readonly number[] = [0, 10, 100, 1_000];

export const VARIANTS: readonly Variant[] = [
  { table: { kind: "none" }, again: false },
  { table: { kind: "established" }, again: false },
  { table: { kind: "established" }, again: true },
  ...POLICIES.map((policies): Variant => ({ table: { kind: "tortie", policies }, again: false })),
];

export type Work = "throughput" | "connections";

/** One thing that is measured of one variant. */
export interface Task {
  /** Its place in the list of variants. */
  readonly variant: number;
  readonly work: Work;
  readonly family: Family;
}

/** IPv6 only where it is enough to see that it is no other path: on one processor, new connections, the extremes. */
export function tasksOf(variants: readonly Variant[], processors: 1 | 2): readonly Task[] {
  const extremes = [0, Math.max(...POLICIES)];
  const overIPv6 = ({ table, again }: Variant): boolean =>
    !again &&
    (table.kind === "established" || (table.kind === "tortie" && extremes.includes(table.policies)));
  return variants.flatMap((variant, at): Task[] => [
    { variant: at, work: "throughput", family: 4 },
    { variant: at, work: "connections", family: 4 },
    ...(processors === 1 && overIPv6(variant)
      ? [{ variant: at, work: "connections", family: 6 } as const]
      : []),
  ]);
}

/** Labels of the figures that a task gives. */
export function labelsOf(variants: readonly Variant[], { variant, family }: Task): Record<string, string> {
  const { table, again } = variants[variant] ?? {};
  if (table === undefined) throw new RangeError(`no variant ${variant}`);
  return {
    table: again === true ? `${table.kind}-again` : table.kind,
    policies: table.kind === "tortie" ? String(table.policies) : "0",
    family: `ipv${family}`,
  };
}
