import type {
  ChainObject,
  ElementObject,
  Expression,
  MapObject,
  RuleObject,
  SetObject,
  Verdict,
} from "./batch.ts";

export interface FakeChain {
  readonly chain: ChainObject;
  readonly rules: RuleObject[];
}

export interface FakeElement {
  readonly key: Expression;
  readonly verdict: Verdict | undefined;
}

export interface FakeSet {
  readonly set: SetObject | MapObject;
  /** By the text of the key. */
  readonly elements: Map<string, FakeElement>;
}

export interface FakeTable {
  /** Whether it was made with owner and persist. */
  readonly flagged: boolean;
  /** The living owner. */
  readonly owner: symbol | undefined;
  readonly chains: Map<string, FakeChain>;
  readonly sets: Map<string, FakeSet>;
}

/** One network namespace's nf_tables; several fake writers may share it. */
export interface FakeKernel {
  readonly tables: Map<string, FakeTable>;
}

export function createFakeKernel(): FakeKernel {
  return { tables: new Map() };
}

/** What a command failed with: the kernel's symbol. */
export class KernelRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function refuse(code: string, message: string): never {
  throw new KernelRefusal(code, message);
}

export function copyTable(table: FakeTable): FakeTable {
  return {
    ...table,
    chains: new Map([...table.chains].map(([name, one]) => [name, { ...one, rules: [...one.rules] }])),
    sets: new Map([...table.sets].map(([name, one]) => [name, { ...one, elements: new Map(one.elements) }])),
  };
}

export function targetOf(verdict: Verdict | undefined): string | undefined {
  if (verdict === undefined) return undefined;
  if ("jump" in verdict) return verdict.jump.target;
  return "goto" in verdict ? verdict.goto.target : undefined;
}

/** What a rule refers to. */
export function rulePlaces({ expr }: RuleObject): { readonly chains: string[]; readonly sets: string[] } {
  const chains: string[] = [];
  const sets: string[] = [];
  for (const statement of expr) {
    if ("vmap" in statement) sets.push(statement.vmap.data.slice(1));
    else if ("match" in statement) {
      const { right } = statement.match;
      if (typeof right === "string" && right.startsWith("@")) sets.push(right.slice(1));
    } else if (!("counter" in statement || "masquerade" in statement)) {
      const target = targetOf(statement);
      if (target !== undefined) chains.push(target);
    }
  }
  return { chains, sets };
}

export function elementParts(elem: ElementObject["elem"][number]): FakeElement {
  if (!Array.isArray(elem)) return { key: elem as Expression, verdict: undefined };
  const [key, verdict] = elem as readonly [Expression, Verdict];
  return { key, verdict };
}
