import { describe, expect, test } from "bun:test";
import type { NamedPort } from "../model/endpoint.ts";
import type { Direction, Rule } from "../model/policy.ts";
import { SCTP, TCP, UDP } from "../model/protocol.ts";
import { mergeRules, type PeerUnion } from "./program.ts";
import { allow, block, namedPort, peer, podsOf, port } from "./test-objects.ts";

const A = peer(podsOf("x", "a"));
const B = peer(podsOf("x", "b"));
const NET = block("10.0.0.0/8");
const NAMES = new Map([
  [A, "A"],
  [B, "B"],
  [NET, "NET"],
]);

function union(peers: PeerUnion): string {
  if (peers === "everyone") return peers;
  return [...peers.values()]
    .map((one) => NAMES.get(one) ?? "?")
    .toSorted()
    .join("+");
}

function merged(
  rules: readonly Rule[],
  direction: Direction = "ingress",
  ports: readonly NamedPort[] = [],
): string[] {
  const { anyPort, segments, destinations } = mergeRules(rules, { direction, ports });
  return [
    ...(union(anyPort) === "" ? [] : [`any ${union(anyPort)}`]),
    ...Array.from(
      segments,
      ({ protocol, first, last, peers }) => `${protocol} ${first}-${last} ${union(peers)}`,
    ),
    ...[...destinations.values()].map(
      (one) => `${one.protocol} ${one.name} ${one.peer === "everyone" ? one.peer : NAMES.get(one.peer)}`,
    ),
  ];
}

describe("peers", () => {
  test("of rules that meet on a port are united", () => {
    expect(merged([allow([A], [port(80)]), allow([B], [port(80, 81)]), allow([NET], [port(81)])])).toEqual([
      "6 80-80 A+B",
      "6 81-81 B+NET",
    ]);
  });

  test("are never everyone because there are none", () => {
    expect(merged([allow([], [port(80)]), allow([]), allow("everyone", [])])).toEqual([]);
  });

  test("everyone wins over a set", () => {
    expect(merged([allow([A], [port(80)]), allow("everyone", [port(80)])])).toEqual(["6 80-80 everyone"]);
    expect(merged([allow([A]), allow([B], [port(80)]), allow("everyone")])).toEqual(["any everyone"]);
  });

  test("that match any port are not repeated at a port", () => {
    expect(merged([allow([A]), allow([A, B], [port(80)]), allow([A], [port(81)])])).toEqual([
      "any A",
      "6 80-80 B",
    ]);
  });
});

describe("ports", () => {
  test("neighbours with equal peers become one run, protocols stay apart", () => {
    const rules = [
      allow([A], [port(80), port(81, 90), port(80, 80, UDP)]),
      allow([A], [port(91), port(0, 65535, SCTP)]),
    ];
    expect(merged(rules)).toEqual(["6 80-91 A", "17 80-80 A", "132 0-65535 A"]);
  });

  test("a run that another rule splits is whole again where the peers are equal", () => {
    expect(merged([allow([A, B], [port(0, 65535)]), allow([A], [port(80)])])).toEqual(["6 0-65535 A+B"]);
  });
});

describe("named ports", () => {
  const ports = [
    { name: "web", protocol: TCP, port: 80 },
    { name: "web", protocol: TCP, port: 8080 },
    { name: "web", protocol: UDP, port: 53 },
  ];

  test("of ingress are the endpoint's own numbers", () => {
    expect(
      merged([allow([A], [namedPort("web")]), allow([B], [namedPort("other")])], "ingress", ports),
    ).toEqual(["6 80-80 A", "6 8080-8080 A"]);
  });

  test("of egress are asked where the packet goes", () => {
    const rules = [allow([A, NET], [namedPort("web")]), allow("everyone", [namedPort("dns", UDP)])];
    expect(merged(rules, "egress", ports)).toEqual(["6 web A", "6 web NET", "17 dns everyone"]);
  });

  test("of egress are left out where the peer is allowed anyway", () => {
    expect(merged([allow([A]), allow([A, B], [namedPort("web")])], "egress")).toEqual(["any A", "6 web B"]);
    expect(merged([allow([A], [namedPort("web")]), allow("everyone", [namedPort("web")])], "egress")).toEqual(
      ["6 web everyone"],
    );
    expect(merged([allow([A], [namedPort("web")]), allow("everyone")], "egress")).toEqual(["any everyone"]);
  });
});

test("the order of the rules says nothing", () => {
  const rules = [
    allow([A], [port(80)]),
    allow([B, A]),
    allow([NET], [port(70, 85)]),
    allow("everyone", [port(81)]),
  ];
  expect(merged(rules.toReversed())).toEqual(merged(rules));
});
