import type { Problem } from "../../model/problem.ts";

/** A problem before anyone has said where its object stands. */
export type Defect = Omit<Problem, "where">;

const LONGEST_VALUE = 80;

/** A value for one line of a message: JSON, cut to 80 characters; empty for what JSON cannot say. */
export function describe(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? "";
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

/** `spec.ingress` and 0 are `spec.ingress[0]`; keys that are no plain words stand in brackets and quotes. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_]\w*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Reads a path of `childPath` back into its keys. */
export function pathKeys(path: string): (string | number)[] {
  const keys: (string | number)[] = [];
  for (const [, quoted, index, word] of path.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|(\w+)/g)) {
    if (quoted !== undefined) keys.push(String(JSON.parse(quoted)));
    else if (index !== undefined) keys.push(Number(index));
    else if (word !== undefined) keys.push(word);
  }
  return keys;
}

/** `policies.yaml, document 2 (NetworkPolicy x/web)`; either part may be empty. */
export function whereText(place: string, object: string): string {
  if (place === "" || object === "") return place + object;
  return `${place} (${object})`;
}
