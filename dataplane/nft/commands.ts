import { type Command, type Expression, FAMILY } from "./batch.ts";
import type { KernelChain, KernelElement, KernelRule, KernelSet } from "./kernel-objects.ts";
import { TABLE } from "./names.ts";

/** Elements of one command: the kernel's message attribute holds 65,535 bytes, and an element takes up to 150. */
export const ELEMENTS_PER_COMMAND = 400;

const IN_TABLE = { family: FAMILY, table: TABLE } as const;

export function addTable(flags: readonly ("owner" | "persist")[]): Command {
  return { add: { table: { family: FAMILY, name: TABLE, ...(flags.length > 0 && { flags }) } } };
}

export function addChain({ name, hook }: KernelChain): Command {
  if (hook === undefined) return { add: { chain: { ...IN_TABLE, name } } };
  const { name: at, priority: prio, type = "filter" } = hook;
  const base = { type, hook: at, prio, policy: "accept" } as const;
  return { add: { chain: { ...IN_TABLE, name, ...base } } };
}

export function addRule(chain: string, { expr, comment }: KernelRule): Command {
  return { add: { rule: { ...IN_TABLE, chain, expr, ...(comment !== undefined && { comment }) } } };
}

export function addSet({ name, type, interval, map }: KernelSet): Command {
  const set = { ...IN_TABLE, name, type, ...(interval && { flags: ["interval"] as const }) };
  return map ? { add: { map: { ...set, map: "verdict" } } } : { add: { set } };
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

/** All elements must lie in `set`. */
export function addElements(set: string, elements: readonly KernelElement[]): Command[] {
  const elem = elements.map(({ key, verdict }) => (verdict === undefined ? key : ([key, verdict] as const)));
  return [...chunks(elem, ELEMENTS_PER_COMMAND)].map((some) => ({
    add: { element: { ...IN_TABLE, name: set, elem: some } },
  }));
}

/** All elements must lie in `set`. A missing one fails the whole transaction. */
export function deleteElements(set: string, elements: readonly KernelElement[]): Command[] {
  const elem: Expression[] = elements.map(({ key }) => key);
  return [...chunks(elem, ELEMENTS_PER_COMMAND)].map((some) => ({
    delete: { element: { ...IN_TABLE, name: set, elem: some } },
  }));
}

export function flushChain(name: string): Command {
  return { flush: { chain: { ...IN_TABLE, name } } };
}

export function deleteChain(name: string): Command {
  return { delete: { chain: { ...IN_TABLE, name } } };
}

export function deleteSet(name: string, map: boolean): Command {
  return map ? { delete: { map: { ...IN_TABLE, name } } } : { delete: { set: { ...IN_TABLE, name } } };
}
