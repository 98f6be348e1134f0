import type { Decision } from "./decision.ts";
import { ISOLATION_ANNOTATION } from "./default-deny.ts";
import { flow, ingressPolicy, labWorld, makeNamespace, pods } from "./lab.ts";
import type { NamespaceObject } from "./objects.ts";

// The annotation of 2016. Today's policies are the rule; it only adds isolation.

function annotated(text: string): NamespaceObject {
  const { metadata, ...namespace } = makeNamespace("x", { ns: "x" });
  return { ...namespace, metadata: { ...metadata, annotations: { [ISOLATION_ANNOTATION]: text } } };
}

const into = flow("y/b", "x/a", "TCP 80");
const inside = flow("x/b", "x/a", "TCP 80");
const out = flow("x/a", "y/b", "TCP 80");
const elsewhere = flow("x/a", "y/a", "ICMP");
const DENY = '{"ingress":{"isolation":"DefaultDeny"}}';

function harmless(text: string): Decision {
  return {
    name: `an annotation that says ${text === "" ? "nothing" : text} isolates nobody`,
    world: labWorld([], { namespaces: [annotated(text)] }),
    allowed: [into, inside, out, elsewhere],
    denied: [],
  };
}

function unreadable(text: string): Decision {
  return {
    name: `an annotation that says ${text} isolates both ways, since nobody understands it`,
    world: labWorld([], { namespaces: [annotated(text)] }),
    allowed: [flow("y/b", "y/a", "TCP 80")],
    denied: [into, inside, out, elsewhere],
  };
}

export const defaultDenyDecisions: readonly Decision[] = [
  {
    name: "a namespace annotated DefaultDeny isolates the ingress of all its pods, and nothing else",
    world: labWorld([], { namespaces: [annotated(` { "ingress": { "isolation": "DefaultDeny" } } `)] }),
    allowed: [out, elsewhere, flow("y/b", "y/a", "TCP 80")],
    denied: [into, inside, flow("192.0.2.7", "x/c", "UDP 53"), flow("y/b", "x/a", "TCP 80", { family: 6 })],
  },
  {
    name: "policies allow in a namespace annotated DefaultDeny what they allow elsewhere",
    world: labWorld([ingressPolicy("x/web", pods("a"), { from: [{ podSelector: pods("b") }] })], {
      namespaces: [annotated(DENY)],
    }),
    allowed: [inside, out],
    denied: [into, flow("x/b", "x/c", "TCP 80")],
  },
  ...["", "{}", "null", '{"ingress":null}', '{"ingress":{}}', '{"ingress":{"isolation":""}}'].map(harmless),
  ...[
    "DefaultDeny",
    "[]",
    '"DefaultDeny"',
    '{"ingress":"DefaultDeny"}',
    '{"ingress":{"isolation":"Deny"}}',
    '{"Ingress":{"isolation":"DefaultDeny"}}',
    '{"ingress":{"isolation":"DefaultDeny"},"egress":{"isolation":"DefaultDeny"}}',
    '{"ingress":{"isolation":"DefaultDeny"',
  ].map(unreadable),
];
