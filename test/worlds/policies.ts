import * as fc from "fast-check";
import { blockContains, readBlock } from "../oracle/addresses.ts";
import { makePolicy } from "../oracle/lab.ts";
import type { PolicySpec } from "../oracle/lab.ts";
import type { NetworkPolicyObject, PolicyPeer, PolicyPort } from "../oracle/objects.ts";
import { arbitrarySelector, oneOf } from "./selectors.ts";
import { PORT_PROTOCOLS } from "./vocabulary.ts";
import type { Vocabulary } from "./vocabulary.ts";

const PREFIXES: Readonly<Record<4 | 6, readonly number[]>> = {
  4: [0, 8, 16, 24, 28, 30, 31, 32],
  6: [0, 16, 64, 112, 120, 126, 127, 128],
};

type IpBlock = NonNullable<PolicyPeer["ipBlock"]>;

function containsStrictly(outer: string, inner: string): boolean {
  const [block, hole] = [readBlock(outer), readBlock(inner)];
  return (
    block !== undefined && hole !== undefined && hole.length > block.length && blockContains(block, hole)
  );
}

function plainly(address: string, length: number): string {
  return `${address}/${length}`;
}

/** Other ways to write an address, all of which servers have stored. */
const SPELLINGS: readonly ((address: string, length: number) => string)[] = [
  plainly,
  (address, length) => `${address.toUpperCase()}/${length}`,
  (address, length) => `${address.replace(/[\da-f]+/g, (part) => part.padStart(3, "0"))}/${length}`,
  (address, length) =>
    address.includes(":") ? `${address.replace("::", ":0::")}/${length}` : `::ffff:${address}/${length + 96}`,
];

/** Blocks around addresses that pods have, some with host bits, and exceptions strictly inside. */
function arbitraryBlock(words: Vocabulary, family: 4 | 6): fc.Arbitrary<IpBlock> {
  const addresses = [...words.addresses[family], ...words.outside[family], words.node[family]];
  const everything = family === 4 ? "0.0.0.0/0" : "::/0";
  const around = fc
    .tuple(oneOf(addresses), oneOf(PREFIXES[family]), fc.nat({ max: 9 }))
    .map(([address, length, spelling]) => (SPELLINGS[spelling] ?? plainly)(address, length));
  return fc
    .tuple(
      fc.oneof({ weight: 1, arbitrary: fc.constant(everything) }, { weight: 4, arbitrary: around }),
      fc.oneof(
        { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
        { weight: 3, arbitrary: fc.array(around, { maxLength: 4 }) },
      ),
    )
    .map(([cidr, holes]) =>
      holes === undefined
        ? { cidr }
        : { cidr, except: holes?.filter((hole) => containsStrictly(cidr, hole)) ?? null },
    );
}

function arbitraryPeer(words: Vocabulary): fc.Arbitrary<PolicyPeer> {
  const selector = arbitrarySelector(words);
  const block = fc.oneof(arbitraryBlock(words, 4), arbitraryBlock(words, 6));
  return fc.oneof(
    fc.record({ podSelector: selector }),
    fc.record({ namespaceSelector: selector, podSelector: fc.constant(null) }),
    fc.record({ podSelector: selector, namespaceSelector: selector }),
    fc.record({ ipBlock: block }),
  );
}

function arbitraryPort(words: Vocabulary): fc.Arbitrary<PolicyPort> {
  const protocol = oneOf([...PORT_PROTOCOLS, "TCP", null, undefined]);
  const number = oneOf(words.portNumbers);
  const made: fc.Arbitrary<PolicyPort> = fc.oneof(
    { weight: 1, arbitrary: fc.constant<PolicyPort>({}) },
    { weight: 4, arbitrary: fc.record({ port: number }) },
    { weight: 3, arbitrary: fc.record({ port: oneOf(words.portNames) }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(number, number)
        .map(([a, b]) => ({ port: Math.min(a, b), endPort: Math.max(a, b) })),
    },
    { weight: 1, arbitrary: fc.constant<PolicyPort>({ port: null, endPort: null }) },
  );
  return fc.tuple(made, protocol).map(([port, of]) => (of === undefined ? port : { ...port, protocol: of }));
}

/** Absent, null, empty, or up to `maxLength` of them: the first three mean the same and must be read alike. */
function list<Item>(
  item: fc.Arbitrary<Item>,
  maxLength: number,
): fc.Arbitrary<readonly Item[] | null | undefined> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom<(readonly Item[] | null | undefined)[]>(undefined, null, []) },
    { weight: 4, arbitrary: fc.array(item, { minLength: 1, maxLength }) },
  );
}

/** Leaves out what is undefined: JSON has no such value. */
function present<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

const POLICY_TYPES: readonly (readonly string[] | null | undefined)[] = [
  ["Ingress"],
  ["Egress"],
  ["Ingress", "Egress"],
  ["Egress", "Ingress"],
  [],
  null,
  undefined,
];

/** A policy that an API server would accept. */
export function arbitraryPolicy(
  words: Vocabulary,
  namespaces: readonly string[],
): fc.Arbitrary<NetworkPolicyObject> {
  const peers = list(arbitraryPeer(words), 3);
  const ports = list(arbitraryPort(words), 3);
  const ingress = list(fc.record({ from: peers, ports }).map(present), 2);
  const egress = list(fc.record({ to: peers, ports }).map(present), 2);
  const podSelector = fc.oneof(
    { weight: 8, arbitrary: arbitrarySelector(words) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
  );
  const spec: fc.Arbitrary<PolicySpec> = fc
    .record({ podSelector, policyTypes: oneOf(POLICY_TYPES), ingress, egress })
    .map(present);
  return fc
    .tuple(oneOf(namespaces), oneOf(["p", "q", "r-s", "constructor", "p.q"]), spec)
    .map(([namespace, name, fields]) => makePolicy(`${namespace}/${name}`, fields));
}
