import { expect, test } from "bun:test";
import { type Fault, startApiServer } from "../../../test/api-server/api-server.ts";
import { namespace } from "../../../test/api-server/follower.ts";
import type { Holding, ReconnectingReport } from "../../../test/api-server/reconnecting-reader.ts";
import { testRuns } from "../../../test/worlds/seed.ts";

const FAULTS: readonly Fault[] = [
  { kind: "truncate", afterBytes: 0 },
  { kind: "break", afterBytes: 0 },
  { kind: "break" },
  { kind: "status", status: 500, body: '{"kind":"Status","message":"etcd is gone"}' },
  { kind: "status", status: 410, body: "{}" },
  { kind: "status", status: 200, body: "%%%\n" },
];

test("thousands of reconnects leave memory and descriptors as they were", async () => {
  const count = testRuns("TORTIE_RECONNECTS", 500);
  await using server = await startApiServer();
  for (let index = 0; index < 50; index++) server.apply(namespace(`n${index}`));
  let asked = 0;
  server.faults(() => {
    server.forgetRequests();
    return FAULTS[asked++ % (2 * FAULTS.length)];
  });
  // Every other round goes well, and is ended by the server.
  const ending = setInterval(() => server.endWatches(), 2);
  const script = `${import.meta.dir}/../../../test/api-server/reconnecting-reader.ts`;
  const reader = Bun.spawn([process.execPath, script, server.url, String(count)], { stderr: "inherit" });
  const { warm, end } = JSON.parse(await reader.stdout.text()) as ReconnectingReport;
  clearInterval(ending);
  expect(await reader.exited).toBe(0);
  const held = ({ residentBytes, descriptors }: Holding): string =>
    `${(residentBytes / 1e6).toFixed(1)} MB, ${descriptors} descriptors`;
  process.stdout.write(`${count} reconnects: warm ${held(warm)}; at the end ${held(end)}\n`);
  expect(end.descriptors).toBeLessThanOrEqual(warm.descriptors);
  // What the allocator and the compiler take while a process grows warm; a leak shows in long runs.
  expect(end.residentBytes - warm.residentBytes).toBeLessThan(6_000_000 + count * 300);
}, 300_000);
