import { expect, test } from "bun:test";
import { createCompiler } from "../policy/compiler.ts";
import { createPassReporter } from "./pass-reporter.ts";
import type { Pass } from "./settler.ts";
import { createStatus } from "./status.ts";
import { APPLIED, collectedLog, fakeDataplane } from "./test-parts.ts";

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

test("health is told what is in the kernel, one thing as one", () => {
  const status = createStatus();
  const compiler = createCompiler();
  const { log } = collectedLog();
  createPassReporter({ compiler, dataplane: fakeDataplane(), status, log }).passEnds({
    settled: APPLIED,
    noticedAt: undefined,
    endpoints: new Set(),
    failures: 0,
    retryMilliseconds: undefined,
  });
  expect(status.applies).toStartWith("0 endpoints of this node, 0 policies of the cluster; ");
});
