import * as fc from "fast-check";
import { formatAddress } from "../../model/address.ts";
import type { Expression, Scalar, SetType } from "../../dataplane/nft/batch.ts";

type Numeric = Exclude<SetType, "ifname">;

/** What a set can hold: its fields, and whether as ranges. */
export interface Shape {
  readonly types: readonly [SetType, ...SetType[]];
  readonly interval: boolean;
}

const HASH: readonly Shape["types"][] = [
  ["ipv4_addr"],
  ["ipv6_addr"],
  ["inet_proto"],
  ["inet_service"],
  ["ifname"],
  ["ifname", "ipv4_addr"],
  ["ifname", "ipv6_addr"],
  ["inet_proto", "inet_service"],
  ["ipv4_addr", "inet_proto", "inet_service"],
  ["ipv6_addr", "inet_proto", "inet_service"],
];
const RANGED: readonly Shape["types"][] = [
  ["ipv4_addr"],
  ["ipv6_addr"],
  ["inet_service"],
  ["inet_proto", "inet_service"],
  ["ipv4_addr", "inet_service"],
  ["ipv4_addr", "inet_proto", "inet_service"],
  ["ipv6_addr", "inet_proto", "inet_service"],
];
export const SHAPES: readonly Shape[] = [
  ...HASH.map((types) => ({ types, interval: false })),
  ...RANGED.map((types) => ({ types, interval: true })),
];

const BITS: Readonly<Record<Numeric, number>> = {
  ipv4_addr: 32,
  ipv6_addr: 128,
  inet_proto: 8,
  inet_service: 16,
};

export const interfaceName: fc.Arbitrary<string> = fc
  .stringMatching(/^[a-f0-9]{1,11}$/)
  .map((digits) => `cali${digits}`);

function spelled(value: bigint, type: Numeric): Scalar {
  if (type === "ipv4_addr") return formatAddress({ family: 4, value });
  if (type === "ipv6_addr") return formatAddress({ family: 6, value });
  return Number(value);
}

/** Anywhere, near an edge, or near a round number: there prefixes and touching ranges come about. */
function numeric(type: Numeric): fc.Arbitrary<bigint> {
  const max = (1n << BigInt(BITS[type])) - 1n;
  const near = fc.tuple(
    fc.bigInt(0n, max),
    fc.integer({ min: 0, max: BITS[type] }),
    fc.integer({ min: -1, max: 8 }),
  );
  return fc.oneof(
    fc.bigInt(0n, max),
    fc.constantFrom(0n, 1n, max - 1n, max),
    near.map(([value, bits, more]) => {
      const round = (value >> BigInt(bits)) << BigInt(bits);
      const moved = round + BigInt(more);
      return moved < 0n || moved > max ? round : moved;
    }),
  );
}

export function scalar(type: SetType): fc.Arbitrary<Scalar> {
  return type === "ifname" ? interfaceName : numeric(type).map((value) => spelled(value, type));
}

function rangeExpression(first: bigint, last: bigint, type: Numeric): Expression {
  if (first === last) return spelled(first, type);
  const size = last - first + 1n;
  const bits = size.toString(2).length - 1;
  const aligned = size === 1n << BigInt(bits) && first % size === 0n;
  if (aligned && (type === "ipv4_addr" || type === "ipv6_addr")) {
    return { prefix: { addr: String(spelled(first, type)), len: BITS[type] - bits } };
  }
  return { range: [spelled(first, type), spelled(last, type)] };
}

export function range(type: Numeric): fc.Arbitrary<Expression> {
  return fc
    .tuple(numeric(type), numeric(type))
    .map(([a, b]) => rangeExpression(a < b ? a : b, a < b ? b : a, type));
}

/** Ranges that never overlap; they may touch. */
function disjoint(type: Numeric): fc.Arbitrary<Expression[]> {
  const max = (1n << BigInt(BITS[type])) - 1n;
  const cuts = fc.uniqueArray(numeric(type), { maxLength: 14 });
  return fc.tuple(cuts, fc.infiniteStream(fc.boolean())).map(([values, chosen]) => {
    const starts = values.toSorted((a, b) => (a < b ? -1 : 1));
    const ranges = starts.map((first, at) => rangeExpression(first, (starts[at + 1] ?? max + 1n) - 1n, type));
    return ranges.filter(() => chosen.next().value);
  });
}

/** Keys of which no two are equal or overlap. */
export function keys({ types, interval }: Shape): fc.Arbitrary<Expression[]> {
  const [first, ...rest] = types;
  const text = (key: unknown) => JSON.stringify(key);
  if (!interval) {
    const one =
      rest.length === 0
        ? scalar(first)
        : fc.tuple(...types.map(scalar)).map((concat): Expression => ({ concat }));
    return fc.uniqueArray(one, { selector: text, maxLength: 12 });
  }
  const fields = disjoint(first as Numeric);
  if (rest.length === 0) return fields;
  return fields.chain((firsts) =>
    fc.tuple(
      ...firsts.map((field) =>
        fc
          .tuple(...rest.map((type) => range(type as Numeric)))
          .map((more): Expression => ({ concat: [field, ...more] })),
      ),
    ),
  );
}
