import { expect, test } from "bun:test";
import type { Address } from "../model/address.ts";
import type { InterfaceName } from "../model/fingerprint.ts";
import type {
  AddressSetId,
  EndpointRules,
  PortSegment,
  Program,
  ProgramId,
  ServiceSetId,
  Stage,
} from "../model/ruleset.ts";
import { samePrograms, sameRules } from "./same-values.ts";
import { id } from "./test-objects.ts";

const segment: PortSegment = {
  protocol: 6,
  first: 1,
  last: 2,
  peers: { kind: "set", set: "s" as AddressSetId },
};
const stage: Stage = {
  verdict: "accept",
  anyPort: { kind: "everyone" },
  segments: [segment],
  services: "v" as ServiceSetId,
};
const program: Program = { id: "p" as ProgramId, direction: "ingress", title: "x/p", stages: [stage] };
const rules: EndpointRules = {
  id: id("x/a"),
  attachment: { kind: "interface", name: "cali1" as InterfaceName },
  addresses: ["10.0.0.1" as Address],
  ingress: "p" as ProgramId,
  egress: "allow",
};

// By field: one that comes is missed by the compiler here, and must be compared.
type Variants<Value> = Readonly<Record<keyof Value, readonly Partial<Value>[]>>;

const segments: Variants<PortSegment> = {
  protocol: [{ protocol: 17 }],
  first: [{ first: 2 }],
  last: [{ last: 3 }],
  peers: [{ peers: { kind: "everyone" } }, { peers: { kind: "set", set: "t" as AddressSetId } }],
};
const stages: Variants<Stage> = {
  verdict: [],
  anyPort: [{ anyPort: undefined }, { anyPort: { kind: "set", set: "s" as AddressSetId } }],
  segments: [
    { segments: [] },
    { segments: [segment, segment] },
    ...Object.values(segments)
      .flat()
      .map((change) => ({ segments: [{ ...segment, ...change }] })),
  ],
  services: [{ services: undefined }],
};
const programs: Variants<Program> = {
  id: [{ id: "q" as ProgramId }],
  direction: [{ direction: "egress" }],
  title: [{ title: "x/q" }],
  stages: [
    { stages: [] },
    { stages: [stage, stage] },
    ...Object.values(stages)
      .flat()
      .map((change) => ({ stages: [{ ...stage, ...change }] })),
  ],
};
const endpoints: Variants<EndpointRules> = {
  id: [{ id: id("x/b") }],
  attachment: [
    { attachment: { kind: "interface", name: "cali2" as InterfaceName } },
    { attachment: { kind: "address" } },
    { attachment: { kind: "address", through: "br0" as InterfaceName } },
  ],
  addresses: [{ addresses: [] }, { addresses: ["10.0.0.2" as Address] }],
  ingress: [{ ingress: "allow" }],
  egress: [{ egress: "p" as ProgramId }],
};

test("equal contents are the same, whichever objects hold them", () => {
  expect(samePrograms(program, structuredClone(program))).toBe(true);
  expect(sameRules(rules, structuredClone(rules))).toBe(true);
});

test("a program with any part changed is another one", () => {
  for (const change of Object.values(programs).flat()) {
    expect(samePrograms(program, { ...program, ...change })).toBe(false);
    expect(samePrograms({ ...program, ...change }, program)).toBe(false);
  }
});

test("rules with any part changed are others", () => {
  const changed = [
    rules,
    ...Object.values(endpoints).flatMap((list) => list.map((one) => ({ ...rules, ...one }))),
  ];
  for (const one of changed) for (const other of changed) expect(sameRules(one, other)).toBe(one === other);
});
