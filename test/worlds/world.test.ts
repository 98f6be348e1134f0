import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readAddress } from "../oracle/addresses.ts";
import { decisions } from "../oracle/decisions.ts";
import { LAB_PODS } from "../oracle/lab.ts";
import type { OracleParty, World } from "../oracle/objects.ts";
import { fullName } from "../oracle/objects.ts";
import { oracleAllows, oracleVerdict } from "../oracle/oracle.ts";
import { policyProblems } from "../oracle/validity.ts";
import { arbitraryFlow, arbitraryFlowChoice, chooseFlow, worldFlows } from "./flows.ts";
import { flowFitsLab, worldFitsLab } from "./fits-lab.ts";
import { printFlow, printWorld } from "./print-world.ts";
import { testRuns, testSeed } from "./seed.ts";
import type { Profile } from "./vocabulary.ts";
import { arbitraryWorld } from "./world.ts";

const PROFILES: readonly Profile[] = ["logical", "packets"];
const LABEL_VALUE = /^(([A-Za-z0-9][A-Za-z0-9_.-]{0,61})?[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const parameters = { seed: testSeed(), numRuns: testRuns("TORTIE_WORLDS", 300) };

function labelsOf(world: World): string[] {
  return [...world.namespaces, ...world.pods].flatMap(({ metadata }) => Object.values(metadata.labels ?? {}));
}

function familyOf(party: OracleParty): 4 | 6 | undefined {
  return readAddress("node" in party ? party.node : "address" in party ? party.address : "")?.family;
}

function printedSample(seed: number): string[] {
  return fc.sample(arbitraryWorld({ profile: "logical" }), { seed, numRuns: 5 }).map(printWorld);
}

describe.each(PROFILES)("arbitraryWorld, profile %s", (profile) => {
  test("makes only policies that an API server accepts", () => {
    fc.assert(
      fc.property(arbitraryWorld({ profile }), ({ policies }) => {
        expect(policies.flatMap(policyProblems)).toEqual([]);
      }),
      parameters,
    );
  });

  test("makes only names, labels and addresses that an API server accepts", () => {
    fc.assert(
      fc.property(arbitraryWorld({ profile }), (world) => {
        for (const { metadata } of world.namespaces) expect(metadata.name).toMatch(DNS_LABEL);
        for (const { metadata } of [...world.pods, ...world.policies]) {
          expect(metadata.name).toMatch(DNS_SUBDOMAIN);
          expect(metadata.namespace).toMatch(DNS_LABEL);
        }
        for (const objects of [world.namespaces, world.pods, world.policies]) {
          expect(new Set(objects.map(fullName)).size).toBe(objects.length);
        }
        for (const value of labelsOf(world)) expect(value).toMatch(LABEL_VALUE);
        for (const { ip } of world.pods.flatMap(({ status }) => status?.podIPs ?? [])) {
          expect(readAddress(ip)).toBeDefined();
        }
      }),
      parameters,
    );
  });

  test("survives JSON: nothing in it is undefined or shared by reference", () => {
    fc.assert(
      fc.property(arbitraryWorld({ profile }), (world) => {
        expect(JSON.parse(JSON.stringify(world))).toStrictEqual(world);
      }),
      parameters,
    );
  });

  test("is worth judging: flows are allowed and denied, by every kind of step", () => {
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    const sample = fc.sample(
      fc.tuple(arbitraryWorld({ profile }), fc.array(arbitraryFlowChoice, { minLength: 8 })),
      {
        ...parameters,
        numRuns: 300,
      },
    );
    for (const [world, choices] of sample) {
      for (const choice of choices) {
        const { allowed, reason } = oracleVerdict(world, chooseFlow(world, choice, profile));
        count(allowed ? "allowed" : "denied");
        for (const part of [/ingress\[/, /egress\[/, /no rule allows/, /not an address/, /not isolated/]) {
          if (part.test(reason)) count(part.source);
        }
      }
    }
    expect([...counts].filter(([, times]) => times <= 20)).toEqual([]);
    expect(counts.size).toBe(7);
  });
});

describe("arbitraryWorld", () => {
  test("profile packets fits the lab", () => {
    fc.assert(
      fc.property(arbitraryWorld({ profile: "packets" }), (world) => {
        expect(worldFitsLab(world)).toBe(true);
        expect(world.pods.map(fullName)).toEqual([...LAB_PODS]);
        const flows = worldFlows(world, { profile: "packets" });
        expect(flows).toHaveLength(2 * 2 * 3 * (10 * 10 - 1));
        expect(flows.every(flowFitsLab)).toBe(true);
      }),
      { ...parameters, numRuns: 20 },
    );
  });

  test("the same seed makes the same worlds", () => {
    expect(printedSample(7)).toEqual(printedSample(7));
    expect(printedSample(7)).not.toEqual(printedSample(8));
  });
});

describe("arbitraryFlow", () => {
  test("names only what the world has, in addresses of the flow's family", () => {
    fc.assert(
      fc.property(
        arbitraryWorld({ profile: "logical" }).chain((world) =>
          fc.tuple(fc.constant(world), arbitraryFlow(world)),
        ),
        ([world, flow]) => {
          expect(typeof oracleAllows(world, flow)).toBe("boolean");
          for (const party of [flow.from, flow.to])
            expect([undefined, flow.family]).toContain(familyOf(party));
        },
      ),
      parameters,
    );
  });

  test("policies and rules in another order change no verdict", () => {
    fc.assert(
      fc.property(arbitraryWorld({ profile: "logical" }), arbitraryFlowChoice, (world, choice) => {
        const flow = chooseFlow(world, choice);
        const policies = world.policies.toReversed().map((policy) => ({
          ...policy,
          spec: {
            ...policy.spec,
            ingress: policy.spec?.ingress?.toReversed(),
            egress: policy.spec?.egress?.toReversed(),
          },
        }));
        expect(oracleAllows({ ...world, policies }, flow)).toBe(oracleAllows(world, flow));
      }),
      parameters,
    );
  });
});

describe("worldFitsLab", () => {
  test("tells most decisions to the lab", () => {
    const fitting = decisions.filter(
      ({ world, allowed, denied }) => worldFitsLab(world) && [...allowed, ...denied].some(flowFitsLab),
    );
    expect(fitting.length).toBeGreaterThan(decisions.length / 2);
  });
});

describe("printWorld", () => {
  test("prints documents that read back as the same objects", () => {
    const [world] = fc.sample(arbitraryWorld({ profile: "logical" }), { seed: 1, numRuns: 1 });
    if (world === undefined) throw new Error("a sample should have one world");
    const objects = printWorld(world)
      .split("---\n")
      .slice(1)
      .map((text): unknown => JSON.parse(text));
    expect(objects).toEqual([...world.namespaces, ...world.pods, ...world.policies]);
  });

  test("prints a flow in one line", () => {
    expect(
      printFlow({
        from: { pod: "x/a" },
        to: { node: "10.0.0.1" },
        protocol: "UDP",
        port: 53,
        family: 4,
        claimedSource: "10.0.0.9",
      }),
    ).toBe("x/a -> node 10.0.0.1 UDP 53 over IPv4, source written as 10.0.0.9");
  });
});
