import * as fc from "fast-check";
import type { Expression, SetType, Statement, Verdict } from "../../dataplane/nft/batch.ts";
import { interfaceName, range, scalar, type Shape } from "./random-keys.ts";

/** A set or map that a rule may look into. */
export interface Known {
  readonly name: string;
  readonly shape: Shape;
  readonly map: boolean;
}

/** What all statements of one rule agree on: libnftables refuses a rule of two protocols. */
interface Agreement {
  readonly network: 4 | 6 | undefined;
  readonly transport: number | undefined;
}

type Arb = fc.Arbitrary<Statement>;

const META = (key: "iifname" | "oifname" | "nfproto" | "l4proto"): Expression => ({ meta: { key } });
const equality = fc.constantFrom("==" as const, "!=" as const);

function match(
  left: Expression,
  right: fc.Arbitrary<Expression>,
  op: fc.Arbitrary<"==" | "!="> = equality,
): Arb {
  return fc.record({ op, right }).map((some) => ({ match: { ...some, left } }));
}

/** The packet's value for each field of a set's key; undefined where the rule's protocols have no such field. */
function fieldFor(type: SetType, { network, transport }: Agreement): fc.Arbitrary<Expression> | undefined {
  const end = fc.constantFrom("saddr" as const, "daddr" as const);
  switch (type) {
    case "ipv4_addr":
      return network === 4 ? end.map((field) => ({ payload: { protocol: "ip", field } })) : undefined;
    case "ipv6_addr":
      return network === 6 ? end.map((field) => ({ payload: { protocol: "ip6", field } })) : undefined;
    case "inet_proto":
      return fc.constant(META("l4proto"));
    case "inet_service":
      // Behind ICMPv6 the same bytes print as another field.
      if (transport === 58) return undefined;
      return fc
        .constantFrom("sport" as const, "dport" as const)
        .map((field) => ({ payload: { protocol: "th", field } }));
    case "ifname":
      return fc.constantFrom(META("iifname"), META("oifname"));
    default:
      return undefined;
  }
}

function keyFor({ types }: Shape, agreement: Agreement): fc.Arbitrary<Expression> | undefined {
  const fields = types.map((type) => fieldFor(type, agreement));
  if (fields.includes(undefined)) return undefined;
  const known = fields.filter((field) => field !== undefined);
  const [only] = known;
  if (known.length === 1) return only;
  return fc.tuple(...known).map((concat) => ({ concat }));
}

/** nft 1.1.3 prints `meta l4proto 132 meta l4proto @set th dport 7` as text that it refuses: it reads the set as the protocol. */
function asksTwice({ types }: Shape, { transport }: Agreement): boolean {
  return transport !== undefined && types.length === 1 && types[0] === "inet_proto";
}

function lookups(known: readonly Known[], agreement: Agreement): Arb[] {
  return known.flatMap(({ name, shape, map }) => {
    const key = keyFor(shape, agreement);
    if (key === undefined || asksTwice(shape, agreement)) return [];
    if (map) return [key.map((one): Statement => ({ vmap: { key: one, data: `@${name}` } }))];
    return [
      fc
        .record({ op: equality, left: key })
        .map((some): Statement => ({ match: { ...some, right: `@${name}` } })),
    ];
  });
}

function addresses(network: 4 | 6): Arb[] {
  const type = network === 4 ? "ipv4_addr" : "ipv6_addr";
  const payloads: Expression[] =
    network === 4
      ? [{ payload: { protocol: "ip", field: "saddr" } }, { payload: { protocol: "ip", field: "daddr" } }]
      : [{ payload: { protocol: "ip6", field: "saddr" } }, { payload: { protocol: "ip6", field: "daddr" } }];
  const both = payloads.map((left) => match(left, fc.oneof(scalar(type), range(type))));
  return both;
}

const FLAG = fc.constantFrom("fin", "syn", "rst", "psh", "ack", "urg");
const STATES = fc.uniqueArray(fc.constantFrom("new", "established", "related", "invalid", "untracked"), {
  minLength: 1,
});

function joined(flags: readonly string[]): Expression {
  return flags.slice(1).reduce<Expression>((left, right) => ({ "|": [left, right] }), flags[0] ?? "syn");
}

const tcpFlags: Arb = fc
  .record({ op: equality, mask: fc.uniqueArray(FLAG, { minLength: 2 }) })
  .chain(({ op, mask }) =>
    fc.subarray(mask, { minLength: 1 }).map((wanted) => ({
      match: {
        op,
        left: { "&": [{ payload: { protocol: "tcp", field: "flags" } }, joined(mask)] as const },
        right: joined(wanted),
      },
    })),
  );

const anyRule: readonly Arb[] = [
  match(META("iifname"), fc.oneof(interfaceName, fc.constant("cali*"), fc.constant("eth0"))),
  match(META("oifname"), fc.oneof(interfaceName, fc.constant("cali*"))),
  STATES.map((right): Statement => ({ match: { op: "in", left: { ct: { key: "state" } }, right } })),
  fc.constant<Statement>({ counter: null }),
];

function ports(): Arb[] {
  const th = (field: "sport" | "dport"): Expression => ({ payload: { protocol: "th", field } });
  return [match(th("dport"), fc.oneof(scalar("inet_service"), range("inet_service")))];
}

/** Once and first: libnftables leaves out what it thinks follows from the rest of the rule. */
function said({ network, transport }: Agreement): fc.Arbitrary<readonly Statement[]> {
  const is = (key: "nfproto" | "l4proto", right: Expression): Statement => ({
    match: { op: "==", left: META(key), right },
  });
  const all: Statement[] = [];
  if (network !== undefined) all.push(is("nfproto", network === 4 ? "ipv4" : "ipv6"));
  if (transport !== undefined) all.push(is("l4proto", transport));
  return fc.subarray(all);
}

function protocols({ transport }: Agreement): Arb[] {
  const other = fc.oneof(scalar("inet_proto"), range("inet_proto"));
  if (transport === undefined) return [match(META("l4proto"), other, fc.constant("!="))];
  return transport === 6 ? [tcpFlags] : [];
}

function hops(): Arb[] {
  const left: Expression = { payload: { protocol: "ip6", field: "hoplimit" } };
  const limit = fc.nat(255);
  const limits = fc.tuple(limit, limit).filter(([first, last]) => first < last);
  return [
    match(
      left,
      fc.oneof(
        limit,
        limits.map((ends): Expression => ({ range: ends })),
      ),
    ),
  ];
}

function icmp(): Arb[] {
  const type: Expression = { payload: { protocol: "icmpv6", field: "type" } };
  return [
    match(
      type,
      fc.oneof(
        fc.constantFrom(133, 135, 136, "mld-listener-query"),
        fc.constant({ range: [130, 132] as const }),
      ),
    ),
  ];
}

function statements(agreement: Agreement, known: readonly Known[]): fc.Arbitrary<readonly Statement[]> {
  const { network, transport } = agreement;
  const pool = [
    ...anyRule,
    ...protocols(agreement),
    ...(network === undefined ? [] : addresses(network)),
    ...(network === 6 ? hops() : []),
    ...(transport === 58 ? [] : ports()),
    ...(network === 6 && transport === 58 ? icmp() : []),
  ];
  const sets = lookups(
    known.filter(({ map }) => !map),
    agreement,
  );
  const maps = lookups(
    known.filter(({ map }) => map),
    agreement,
  );
  const before = fc.array(fc.oneof(...pool, ...sets), { maxLength: 4 });
  const last = maps.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...maps), { maxLength: 1 });
  return fc
    .tuple(said(agreement), before, last)
    .map(([first, some, lookup]) => [...first, ...some, ...lookup]);
}

const COMMENT = fc.stringMatching(/^[A-Za-z0-9 ./:,_-]{1,60}$/);

export interface RandomRule {
  readonly expr: readonly Statement[];
  readonly comment?: string;
}

const AGREEMENT: fc.Arbitrary<Agreement> = fc.record({
  network: fc.constantFrom(4 as const, 6 as const, undefined),
  transport: fc.constantFrom(6, 17, 58, 132, undefined),
});

const masquerading: Arb = fc.oneof(
  fc.constant<Statement>({ masquerade: null }),
  fc
    .subarray(["random", "fully-random", "persistent"] as const, { minLength: 1 })
    .map((flags): Statement => ({ masquerade: { flags } })),
);

/** For a chain of type `nat` where packets leave. */
export function masqueradingRule(known: readonly Known[]): fc.Arbitrary<RandomRule> {
  const sets = known.filter(({ map }) => !map);
  const expr = AGREEMENT.chain((one) =>
    fc.tuple(statements(one, sets), masquerading).map(([some, end]) => [...some, end]),
  );
  return fc.record({ expr, comment: COMMENT }, { requiredKeys: ["expr"] });
}

/** `targets`: chains that may be jumped to; nothing may follow a final verdict, nor a verdict a map. */
export function rule(targets: readonly string[], known: readonly Known[]): fc.Arbitrary<RandomRule> {
  const ends: Verdict[] = [{ accept: null }, { drop: null }, { return: null }];
  for (const target of targets) ends.push({ jump: { target } }, { goto: { target } });
  const expr = AGREEMENT.chain((one) =>
    fc.tuple(statements(one, known), fc.constantFrom(...ends), fc.boolean()).map(([some, end, verdict]) => {
      const mapped = some.some((statement) => "vmap" in statement);
      return mapped || (!verdict && some.length > 0) ? some : [...some, end];
    }),
  );
  return fc.record({ expr, comment: COMMENT }, { requiredKeys: ["expr"] });
}
