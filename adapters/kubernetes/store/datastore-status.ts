import type { DatastoreStatus } from "../../datastore.ts";

/** Why a resource cannot be read at the moment. */
export interface Trouble {
  readonly since: Date;
  readonly because: string;
  readonly next: string;
}

/** How well one resource can be read. */
export interface ResourceReading {
  readonly name: string;
  /** Whether it was ever listed to the end. */
  readonly whole: boolean;
  readonly trouble: Trouble | undefined;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** `pods, nodes: REASON; namespaces: OTHER REASON`. */
function reasons(readings: readonly { readonly name: string; readonly trouble: Trouble }[]): string {
  const names = Map.groupBy(readings, ({ trouble }) => trouble.because);
  return [...names].map(([because, of]) => `${of.map(({ name }) => name).join(", ")}: ${because}`).join("; ");
}

function hasTrouble<Reading extends ResourceReading>(
  reading: Reading,
): reading is Reading & { readonly trouble: Trouble } {
  return reading.trouble !== undefined;
}

/** How well all of them together can be read. */
export function datastoreStatus(readings: readonly ResourceReading[], server: string): DatastoreStatus {
  const missing = readings.filter(({ whole }) => !whole);
  const troubled = readings.filter(hasTrouble);
  const next = unique(troubled.map(({ trouble }) => trouble.next)).join("; ");
  const causes = unique(troubled.map(({ trouble }) => trouble.because));
  if (missing.length > 0) {
    const lists = `the first list of ${missing.map(({ name }) => name).join(", ")} from ${server}`;
    return troubled.length === 0
      ? { kind: "waiting", for: lists, next: "nothing: it is on its way", causes }
      : { kind: "waiting", for: `${lists} (${reasons(troubled)})`, next, causes };
  }
  if (troubled.length === 0) return { kind: "connected" };
  const since = new Date(Math.min(...troubled.map(({ trouble }) => trouble.since.getTime())));
  return { kind: "stale", since, because: reasons(troubled), next, causes };
}
