import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { problemText } from "../../model/problem.ts";
import { testSeed } from "../../test/worlds/seed.ts";
import { readIpPoolFile } from "./ip-pool-file.ts";

function read(text: string): { pools: string[]; lines: string[] } {
  const { pools, problems } = readIpPoolFile(text, "/ippool.yaml");
  return {
    pools: pools.map(({ cidr, natOutgoing }) => `${cidr}${natOutgoing ? " masqueraded" : ""}`),
    lines: problems.map(problemText),
  };
}

const OLD =
  "{ apiVersion: v1, kind: ipPool, metadata: { cidr: 10.244.0.0/16 }, spec: { nat-outgoing: true } }";
const NEW =
  "{ apiVersion: projectcalico.org/v3, kind: IPPool, metadata: { name: six }, spec: { cidr: 'fd00:244::/48' } }";
const EXCLUDED =
  "{ apiVersion: crd.projectcalico.org/v1, kind: IPPool, spec: { cidr: 192.168.0.0/16, disabled: true, natOutgoing: false } }";

test("the pool of the manifests", () => {
  const text = `apiVersion: v1
kind: ipPool
metadata:
  cidr: 10.244.0.0/16
spec:
  nat-outgoing: true
`;
  expect(read(text)).toEqual({ pools: ["10.244.0.0/16 masqueraded"], lines: [] });
});

test.each([
  ["documents", [OLD, NEW, EXCLUDED].join("\n---\n")],
  ["a bare list", `- ${OLD}\n- ${NEW}\n- ${EXCLUDED}\n`],
  ["a List", `{ apiVersion: v1, kind: List, items: [${OLD}, ${NEW}, ${EXCLUDED}] }`],
  ["a bare list of a List", `- { apiVersion: v1, kind: List, items: [${OLD}, ${NEW}] }\n- ${EXCLUDED}`],
  ["JSON", JSON.stringify([OLD, NEW, EXCLUDED].map((one) => Bun.YAML.parse(one)))],
])("several pools as %s", (_, text) => {
  expect(read(text)).toEqual({
    pools: ["10.244.0.0/16 masqueraded", "fd00:244::/48", "192.168.0.0/16"],
    lines: [],
  });
});

test("items of a typed list need no kind", () => {
  const text = "{ apiVersion: v1, kind: ipPoolList, items: [{ metadata: { cidr: 10.0.0.0/8 } }] }";
  expect(read(text)).toEqual({ pools: ["10.0.0.0/8"], lines: [] });
});

test("host bits are cleared, and an empty file has no pools", () => {
  expect(read(OLD.replace("10.244.0.0", "10.244.3.7")).pools).toEqual(["10.244.0.0/16 masqueraded"]);
  for (const text of ["", "---\n", "# nothing\n", "---\n---\n"])
    expect(read(text)).toEqual({ pools: [], lines: [] });
});

const DOCUMENT = "/ippool.yaml, document 1";
const LOST = "this pool does not count";

test.each([
  [
    "kind: [",
    [],
    `${DOCUMENT}: malformed YAML: Flow sequence in block collection must be sufficiently indented and end with a ]; no pool of it counts`,
  ],
  ["kind: a\nkind: b", [], `${DOCUMENT}: malformed YAML: Map keys must be unique; no pool of it counts`],
  ["text", [], `${DOCUMENT}: expected an object (found "text"); ${LOST}`],
  ["{ apiVersion: v1, kind: policy }", [], `${DOCUMENT}, kind: expected ipPool (found "policy"); ${LOST}`],
  ["{ apiVersion: v1 }", [], `${DOCUMENT}, kind: expected ipPool; ${LOST}`],
  [
    "{ apiVersion: v2, kind: ipPool }",
    [],
    `${DOCUMENT}, apiVersion: expected v1, projectcalico.org/v3, crd.projectcalico.org/v1 (found "v2"); ${LOST}`,
  ],
  [
    OLD.replace("10.244.0.0/16", "10.244.0.0"),
    [],
    `${DOCUMENT}, metadata.cidr: expected a block of addresses such as 10.244.0.0/16 (found "10.244.0.0"); ${LOST}`,
  ],
  [
    OLD.replace("metadata: { cidr: 10.244.0.0/16 }, ", ""),
    [],
    `${DOCUMENT}, metadata.cidr: expected a block of addresses such as 10.244.0.0/16; ${LOST}`,
  ],
  [
    NEW.replace("'fd00:244::/48'", "7"),
    [],
    `${DOCUMENT}, spec.cidr: expected a block of addresses such as 10.244.0.0/16 (found 7); ${LOST}`,
  ],
  [OLD.replace(/spec: .*/, "spec: [] }"), [], `${DOCUMENT}, spec: expected an object (found []); ${LOST}`],
  [
    OLD.replace("true", '"true"'),
    ["10.244.0.0/16"],
    `${DOCUMENT} (ipPool 10.244.0.0/16), spec["nat-outgoing"]: expected true or false (found "true"); its pods keep their own addresses outside`,
  ],
  [
    OLD.replace("nat-outgoing", "natOutgoing"),
    ["10.244.0.0/16"],
    `${DOCUMENT} (ipPool 10.244.0.0/16), spec.natOutgoing: unknown field, known are ipip, nat-outgoing, disabled (found true); it means nothing`,
  ],
  [
    OLD.replace("true", "true, ipip: { enabled: true }"),
    ["10.244.0.0/16 masqueraded"],
    `${DOCUMENT} (ipPool 10.244.0.0/16), spec.ipip.enabled: tunnels are not made in this version (found true); packets between nodes go as the network routes them`,
  ],
  [
    NEW.replace("spec: {", "spec: { ipipMode: Always,"),
    ["fd00:244::/48"],
    `${DOCUMENT} (ipPool fd00:244::/48), spec.ipipMode: tunnels are not made in this version (found "Always"); packets between nodes go as the network routes them`,
  ],
  [
    "{ kind: List, items: 7 }",
    [],
    `${DOCUMENT}, items: expected a list (found 7); nothing in this list is read`,
  ],
  [
    `- ${OLD}\n- { apiVersion: v1, kind: ipPool, metadata: {} }`,
    ["10.244.0.0/16 masqueraded"],
    `${DOCUMENT}, [1].metadata.cidr: expected a block of addresses such as 10.244.0.0/16; ${LOST}`,
  ],
  [
    `${OLD}\n---\n${OLD.replace("true", "false")}`,
    ["10.244.0.0/16"],
    "/ippool.yaml, document 2 (ipPool 10.244.0.0/16): the same pool stands before it; the later one counts",
  ],
])("%s is told, and the rest counts", (text, pools, line) => {
  expect(read(text)).toEqual({ pools: [...pools], lines: [line] });
});

test("whatever stands in the file, reading it ends with an answer", () => {
  const value = fc.jsonValue().map((json) => JSON.stringify(json));
  const spoiled = fc
    .tuple(fc.constantFrom(OLD, NEW, EXCLUDED), fc.nat(), fc.string())
    .map(([text, at, more]) => {
      const place = at % text.length;
      return text.slice(0, place) + more + text.slice(place + 1);
    });
  fc.assert(
    fc.property(fc.oneof(fc.string(), value, spoiled), (text) => {
      for (const { cidr, natOutgoing } of readIpPoolFile(text, "x").pools) {
        expect(cidr).toContain("/");
        expect(natOutgoing).toBeBoolean();
      }
    }),
    { numRuns: 1_000, seed: testSeed() },
  );
});
