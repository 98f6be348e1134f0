import * as fc from "fast-check";
import { type Command, type Expression, FAMILY, type Verdict } from "../../dataplane/nft/batch.ts";
import { keys, type Shape, SHAPES } from "./random-keys.ts";
import { type Known, masqueradingRule, type RandomRule, rule } from "./random-rules.ts";

export const TABLE = "tortie-random";
const IN_TABLE = { family: FAMILY, table: TABLE } as const;
const HOOKS = ["prerouting", "input", "forward", "postrouting"] as const;

type Element = Expression | readonly [Expression, Verdict];

interface RandomSet extends Known {
  readonly elements: readonly Element[];
}

interface RandomChain {
  readonly name: string;
  readonly base: boolean;
  /** A base chain where packets leave, which masquerades. */
  readonly nat: boolean;
}

/** One table in two steps: how it is made, and how it is changed afterwards. */
export interface RandomTable {
  readonly made: readonly Command[];
  readonly changed: readonly Command[];
}

function names(prefix: string, most: number): fc.Arbitrary<string[]> {
  const short = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,12}$/);
  const long = fc.stringMatching(/^[a-z0-9]{240}$/);
  const name = fc.oneof({ weight: 20, arbitrary: short }, { weight: 1, arbitrary: long });
  return fc
    .uniqueArray(name, { minLength: 1, maxLength: most })
    .map((some) => some.map((one) => `${prefix}-${one}`));
}

function verdict(leaves: readonly string[]): fc.Arbitrary<Verdict> {
  const targets = leaves.flatMap((target): Verdict[] => [{ jump: { target } }, { goto: { target } }]);
  return fc.constantFrom<Verdict>({ accept: null }, { drop: null }, ...targets);
}

function elementsOf(shape: Shape, map: boolean, leaves: readonly string[]): fc.Arbitrary<readonly Element[]> {
  return keys(shape).chain((some): fc.Arbitrary<readonly Element[]> =>
    map
      ? fc.tuple(...some.map((key) => verdict(leaves).map((one) => [key, one] as const)))
      : fc.constant(some),
  );
}

function sets(leaves: readonly string[]): fc.Arbitrary<RandomSet[]> {
  return names("s", 6).chain((some) =>
    fc.tuple(
      ...some.map((name) =>
        fc
          .tuple(fc.constantFrom(...SHAPES), fc.boolean())
          .chain(([shape, map]) =>
            elementsOf(shape, map, leaves).map((held) => ({ name, shape, map, elements: held })),
          ),
      ),
    ),
  );
}

function addSet({ name, shape, map }: Known): Command {
  const { types, interval } = shape;
  const [only] = types;
  const type = types.length === 1 ? only : types;
  const set = { ...IN_TABLE, name, type, ...(interval && { flags: ["interval"] as const }) };
  return map ? { add: { map: { ...set, map: "verdict" } } } : { add: { set } };
}

function addElements(name: string, elem: readonly Element[]): Command[] {
  return elem.length === 0 ? [] : [{ add: { element: { ...IN_TABLE, name, elem } } }];
}

function keyOf(element: Element): Expression {
  return Array.isArray(element) ? (element as readonly [Expression, Verdict])[0] : (element as Expression);
}

function deleteElements(name: string, elem: readonly Element[]): Command[] {
  return elem.length === 0 ? [] : [{ delete: { element: { ...IN_TABLE, name, elem: elem.map(keyOf) } } }];
}

function addChain({ name, base, nat }: RandomChain, at: number): Command {
  if (!base) return { add: { chain: { ...IN_TABLE, name } } };
  if (nat) {
    const out = { type: "nat", hook: "postrouting", prio: 100 - at, policy: "accept" } as const;
    return { add: { chain: { ...IN_TABLE, name, ...out } } };
  }
  const hook = HOOKS[at % HOOKS.length] ?? "forward";
  const policy = at % 2 === 0 ? "accept" : "drop";
  return { add: { chain: { ...IN_TABLE, name, type: "filter", hook, prio: -10 + at, policy } } };
}

function addRules(chain: string, rules: readonly RandomRule[]): Command[] {
  return rules.map((one) => ({ add: { rule: { ...IN_TABLE, chain, ...one } } }));
}

/** Jumps lead from a chain to later ones, and maps to the last one only: so nothing loops. */
function rulesOf(
  chains: readonly RandomChain[],
  known: readonly Known[],
  at: number,
): fc.Arbitrary<RandomRule[]> {
  const leaf = at === chains.length - 1;
  const targets = chains.slice(at + 1).filter(({ base }) => !base);
  const visible = known.filter(({ map }) => !leaf || !map);
  const named = targets.map(({ name }) => name);
  const plain = rule(named, visible);
  const masquerading = masqueradingRule(visible);
  return fc.array(chains[at]?.nat === true ? fc.oneof(plain, masquerading) : plain, { maxLength: 6 });
}

/**
 * Of intervals all but the last: libnftables 1.0.6 says that it deleted one that runs to the last value of all, and
 * did not where another touches it. encoder-equality.test.ts has that case.
 */
function removable({ types, interval }: Shape, elements: readonly Element[]): Element[] {
  return interval && types.length === 1 ? elements.slice(0, -1) : [...elements];
}

function changes({
  chains,
  held,
}: {
  readonly chains: readonly RandomChain[];
  readonly held: readonly RandomSet[];
}): fc.Arbitrary<readonly Command[]> {
  const ofSets = held.map(({ name, shape, elements: some }) =>
    fc.tuple(fc.subarray(removable(shape, some)), fc.boolean()).map(([gone, back]) => {
      const again = back ? addElements(name, gone) : [];
      return [...deleteElements(name, gone), ...again];
    }),
  );
  const rewritten = fc.integer({ min: 0, max: chains.length - 1 }).chain((at) =>
    rulesOf(chains, held, at).map((rules): Command[] => {
      const name = chains[at]?.name ?? "";
      return [{ flush: { chain: { ...IN_TABLE, name } } }, ...addRules(name, rules)];
    }),
  );
  const passing: Command[] = [
    { add: { chain: { ...IN_TABLE, name: "c-passing" } } },
    { delete: { chain: { ...IN_TABLE, name: "c-passing" } } },
  ];
  return fc.tuple(...ofSets, rewritten).map((some) => [...some.flat(), ...passing]);
}

export const randomTable: fc.Arbitrary<RandomTable> = names("c", 6).chain((chainNames) => {
  const chains = chainNames.map((name, at): RandomChain => {
    const base = at < 3 && at < chainNames.length - 1;
    return { name, base, nat: base && at === 1 };
  });
  const leaves = chains.slice(-1).map(({ name }) => name);
  return sets(leaves).chain((held) =>
    fc
      .tuple(
        fc.tuple(...chains.map((_, at) => rulesOf(chains, held, at))),
        changes({ chains, held }),
        fc.boolean(),
      )
      .map(([rules, changed, owned]) => ({
        made: [
          {
            add: {
              table: { family: FAMILY, name: TABLE, ...(owned && { flags: ["owner", "persist"] as const }) },
            },
          },
          ...chains.map(addChain),
          ...held.map(addSet),
          ...held.flatMap(({ name, elements: some }) => addElements(name, some)),
          ...rules.flatMap((some, at) => addRules(chains[at]?.name ?? "", some)),
        ],
        changed,
      })),
  );
});
