/** An object's resourceVersion: a number where a number holds it exactly, else its text. */
export type ResourceVersion = number | string;

/** metadata.resourceVersion; empty text where there is none. */
export function readResourceVersion(value: unknown): ResourceVersion {
  if (typeof value !== "string") return "";
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * Below 0: `a` is older than `b`; 0: they are equal. Undefined where nobody can tell: versions are integers by
 * convention only, and a server may have others.
 */
export function compareVersions(a: ResourceVersion, b: ResourceVersion): number | undefined {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a === b) return 0;
  const [left, right] = [String(a), String(b)];
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return undefined;
  const difference = BigInt(left) - BigInt(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
