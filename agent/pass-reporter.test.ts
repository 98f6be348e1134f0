import { expect, test } from "bun:test";
import type { EndpointId } from "../model/endpoint.ts";
import { createCompiler } from "../policy/compiler.ts";
import { createPassReporter } from "./pass-reporter.ts";
import type { Pass } from "./settler.ts";
import { createStatus } from "./status.ts";
import { APPLIED, collectedLog, endpointUpdate, FAILED, fakeDataplane } from "./test-parts.ts";

function logged(pass: Partial<Pass>): unknown {
  const { log, text } = collectedLog();
  const compiler = createCompiler();
  const reporter = createPassReporter({ compiler, dataplane: fakeDataplane(), status: createStatus(), log });
  reporter.passEnds({
    settled: APPLIED,
    noticedAt: undefined,
    endpoints: new Set(),
    failures: 0,
    retryMilliseconds: undefined,
    first: true,
    ...pass,
  });
  return JSON.parse(text());
}

test("a change was in the kernel when packets met it, however long the removal of the old took", () => {
  const settled = { ...APPLIED, milliseconds: 15.04, inForceAt: 103.5 };
  expect(logged({ settled, noticedAt: 100 })).toMatchObject({
    message: "settled",
    noticedToKernelMilliseconds: 3.5,
    milliseconds: 15,
  });
});

test("a pass that no change asked for tells no way from noticing to the kernel", () => {
  expect(logged({})).not.toHaveProperty("noticedToKernelMilliseconds");
});

test("health is told what the rules are made of, what the kernel holds and what passes came to; a failed one changes no count", () => {
  const status = createStatus();
  const compiler = createCompiler();
  compiler.apply([endpointUpdate("a"), endpointUpdate("b")]);
  const { log } = collectedLog();
  const dataplane = fakeDataplane();
  const { passEnds } = createPassReporter({ compiler, dataplane, status, log });
  const pass = {
    settled: APPLIED,
    noticedAt: undefined,
    endpoints: new Set<EndpointId>(),
    failures: 0,
    first: true,
  };
  passEnds({ ...pass, retryMilliseconds: undefined });
  compiler.apply([endpointUpdate("c")]);
  passEnds({ ...pass, settled: FAILED, failures: 1, retryMilliseconds: 1 });
  expect(status.counts).toEqual({
    endpoints: 2,
    programs: 0,
    peerSets: 0,
    localPolicies: 0,
    clusterPolicies: 0,
    clusterEndpoints: 2,
  });
  expect(status.passes).toEqual({ unchanged: 0, applied: 1, degraded: 0, failed: 1 });
  expect(status.table()).toMatchObject({ chains: 1, sets: 2, elements: 3 });
  dataplane.status = { ...dataplane.status, chains: 7 };
  expect(status.table().chains).toBe(7);
});

test("what the kernel refuses is an error once, however many passes leave it out", async () => {
  const { log, text } = collectedLog();
  const refused = [
    { kind: "program", id: "p", title: "x/p", because: "no memory", consequence: "closed" },
  ] as const;
  const dataplane = fakeDataplane();
  dataplane.status = { ...dataplane.status, refused };
  const { rebuilt: _, ...changed } = APPLIED;
  const pass = { noticedAt: 1, endpoints: new Set<EndpointId>(), failures: 0, retryMilliseconds: undefined };
  {
    using reporter = createPassReporter({
      compiler: createCompiler(),
      dataplane,
      status: createStatus(),
      log,
    });
    for (const first of [true, false, false, false])
      reporter.passEnds({ ...pass, settled: { ...changed, kind: "degraded", refused }, first });
  }
  await log.flush(1_000);
  expect(text().match(/"level":"error"/g)).toHaveLength(1);
  expect(text().match(/"level":"warning".*"refused":1/g)).toHaveLength(3);
});
