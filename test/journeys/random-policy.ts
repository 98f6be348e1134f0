import * as fc from "fast-check";
import type { Cidr } from "../../model/cidr.ts";
import { type Peer, type Policy, policyId, type PortMatch, type Rule } from "../../model/policy.ts";
import { SCTP, TCP, UDP } from "../../model/protocol.ts";
import type { EndpointSelector, NamespaceSelector, Selector } from "../../model/selector.ts";
import { LABEL_KEYS, LABEL_VALUES, NAMESPACES, POLICIES, PORT_NAMES } from "./vocabulary.ts";

const NETS = ["10.0.0.0/16", "10.0.0.0/31", "10.0.1.1/32", "fd00::/64", "0.0.0.0/0"] as Cidr[];
const HOLES = ["10.0.0.1/32", "10.0.0.0/24", "fd00::2/128"] as Cidr[];

const selector: fc.Arbitrary<Selector> = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant<Selector>({ kind: "all" }),
    fc.constant<Selector>({ kind: "none" }),
    fc.record({ kind: fc.constant("has" as const), key: fc.constantFrom(...LABEL_KEYS) }),
    fc.record({
      kind: fc.constant("in" as const),
      key: fc.constantFrom(...LABEL_KEYS),
      values: fc.array(fc.constantFrom(...LABEL_VALUES), { maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant("not" as const), operand: tie("selector") }),
    fc.record({ kind: fc.constant("and" as const), operands: fc.array(tie("selector"), { maxLength: 2 }) }),
  ),
})).selector;

const namespaces: fc.Arbitrary<NamespaceSelector> = fc.oneof(
  fc.constant<NamespaceSelector>({ kind: "any" }),
  fc.constantFrom(...NAMESPACES).map((name): NamespaceSelector => ({ kind: "named", name })),
  selector.map((of): NamespaceSelector => ({ kind: "labelled", selector: of })),
);

const endpoints: fc.Arbitrary<EndpointSelector> = fc.record({ namespaces, endpoints: selector });

const peer: fc.Arbitrary<Peer> = fc.oneof(
  endpoints.map((of): Peer => ({ kind: "endpoints", selector: of })),
  fc.record({
    kind: fc.constant("block" as const),
    nets: fc.array(fc.constantFrom(...NETS), { minLength: 1, maxLength: 2 }),
    notNets: fc.array(fc.constantFrom(...HOLES), { maxLength: 2 }),
  }),
);

const match: fc.Arbitrary<PortMatch> = fc.oneof(
  fc
    .record({ first: fc.constantFrom(0, 80, 81, 8080), length: fc.constantFrom(0, 0, 1, 65535) })
    .chain(({ first, length }) =>
      fc.constantFrom(TCP, UDP, SCTP).map((protocol): PortMatch => {
        return { kind: "range", protocol, first, last: Math.min(65535, first + length) };
      }),
    ),
  fc.record({
    kind: fc.constant("named" as const),
    protocol: fc.constantFrom(TCP, UDP),
    name: fc.constantFrom(...PORT_NAMES),
  }),
);

const rule: fc.Arbitrary<Omit<Rule, "source">> = fc.record({
  action: fc.constant("allow" as const),
  peers: fc.oneof(fc.constant("everyone" as const), fc.array(peer, { maxLength: 3 })),
  ports: fc.oneof(fc.constant("everything" as const), fc.array(match, { maxLength: 3 })),
});

function numbered(rules: readonly Omit<Rule, "source">[], direction: string): Rule[] {
  return rules.map((one, at) => ({ ...one, source: `${direction}[${at}]` }));
}

/** Any policy that the model can say, nonsense like empty lists of peers included. */
export const arbitraryPolicy: fc.Arbitrary<Policy> = fc
  .record({
    name: fc.constantFrom(...POLICIES),
    subjects: fc.oneof(
      endpoints,
      fc.constant({ namespaces: { kind: "any" }, endpoints: { kind: "all" } } as const),
    ),
    directions: fc.constantFrom<Policy["directions"]>(["ingress"], ["egress"], ["ingress", "egress"]),
    ingress: fc.array(rule, { maxLength: 3 }),
    egress: fc.array(rule, { maxLength: 3 }),
  })
  .map(({ name, subjects, directions, ingress, egress }) => ({
    id: policyId("NetworkPolicy", "x", name),
    title: `x/${name}`,
    tier: "default",
    order: 1000,
    subjects,
    directions,
    ingress: directions.includes("ingress") ? numbered(ingress, "ingress") : [],
    egress: directions.includes("egress") ? numbered(egress, "egress") : [],
  }));
