import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureEvents } from "../../bench/event-to-packet/event-to-packet.ts";
import { build, tortieEntrypoints } from "../../compile.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tortie-bench-test-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("packets are seen to follow policies and pods of a real API server, and the bare watch to tell of each", async () => {
  const size = { pods: 50, policies: 5, policyRounds: 3, podRounds: 4 };
  const samples = await measureEvents(size, {
    full: false,
    directory,
    executable: () => build("x64", directory, tortieEntrypoints()),
    progress: () => {},
  });
  const kinds = samples.map(({ kind, change, arrives }) => `${kind} ${change} ${arrives}`);
  expect(kinds.filter((kind) => kind.startsWith("policy created"))).toHaveLength(6);
  expect(kinds.filter((kind) => kind === "pod addressed true")).toHaveLength(4);
  expect(samples).toHaveLength(20);
  for (const { sentAt, answeredAt, watchedAt, turn } of samples) {
    expect(answeredAt).toBeGreaterThan(sentAt);
    expect(watchedAt).toBeGreaterThan(sentAt);
    expect(turn.first).toBeGreaterThan(turn.lastBefore);
    // No packet can know of a policy before it was sent; the last one before it may have been on its way by then.
    expect(turn.first).toBeGreaterThan(sentAt);
  }
}, 120_000);
