import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type ApiObject,
  type ApiServer,
  type Fault,
  startApiServer,
} from "../../../test/api-server/api-server.ts";
import { type Follower, follow, pod, PODS } from "../../../test/api-server/follower.ts";
import { internalError, tooManyRequests } from "../../../test/api-server/status.ts";
import { testRuns, testSeed } from "../../../test/worlds/seed.ts";

type Step = (server: ApiServer, reader: Follower) => void | Promise<void>;

const name = fc.constantFrom("a", "b", "c", "d");

// Garbage that JSON nowhere allows: nobody can find out that a letter of a name is another one.
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  fc.constantFrom<Fault | undefined>(
    undefined,
    { kind: "freeze" },
    { kind: "break" },
    { kind: "status", ...internalError() },
    { kind: "status", ...tooManyRequests(0) },
    { kind: "status", status: 410, body: "" },
    { kind: "slow", bytes: 50, everyMilliseconds: 1 },
  ),
  fc.record({ kind: fc.constantFrom("break", "truncate", "stall"), afterBytes: fc.nat(1000) }),
  fc.record({
    kind: fc.constant("garbage"),
    afterBytes: fc.nat(1000),
    text: fc.constantFrom("\u0001", "\n", "\u0001}"),
  }),
);

/** Changes, and all that happens to servers and connections, in any order. */
const step: fc.Arbitrary<Step> = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(name, fc.constantFrom("Running", "Pending", "Succeeded")) },
    { weight: 2, arbitrary: name },
  )
  .map((change): Step =>
    typeof change === "string"
      ? (server) => server.remove("Pod", `shop/${change}`)
      : (server) => server.apply(pod(...change)),
  );

const trouble: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fault, { minLength: 1, maxLength: 6 }).map((faults): Step => {
    return (server) => {
      const left = [...faults];
      server.faults(({ verb }) => (verb === "probe" ? undefined : left.shift()));
    };
  }),
  fc.constantFrom<Step>(
    (server) => server.breakConnections(),
    (server) => server.endWatches(),
    (server) => server.bookmark(),
    (server) => server.compact(),
    (server) => server.say("%%%\n"),
    async (server) => {
      await server.stop();
      await Bun.sleep(3);
      await server.start();
    },
    async (server) => {
      server.freeze();
      await Bun.sleep(60);
      server.thaw();
    },
    (_server, reader) => {
      reader.paused = !reader.paused;
    },
    // An etcd restored from a backup; what is written before anybody has asked is lost to all clients.
    async (server, reader) => {
      server.faults(undefined);
      reader.paused = false;
      const before = server.snapshot();
      for (const again of ["a", "b", "e"]) server.apply(pod(again, "Running"));
      await agree(server, reader);
      await server.stop();
      server.restore(before);
      await server.start();
      await agree(server, reader);
    },
  ),
  fc.integer({ min: 1, max: 8 }).map(
    (milliseconds): Step =>
      () =>
        Bun.sleep(milliseconds),
  ),
);

function summary(objects: readonly ApiObject[]): string {
  return objects
    .map(({ metadata, status }) => `${metadata.name} ${metadata.resourceVersion} ${JSON.stringify(status)}`)
    .filter((line) => !line.includes("Succeeded"))
    .join("\n");
}

async function agree(server: ApiServer, reader: Follower): Promise<void> {
  await reader.until(`what the server has (${summary(server.objects("Pod"))})`, () => {
    return summary(reader.items) === summary(server.objects("Pod"));
  });
}

test("whatever happens, the reader ends with the server's objects", async () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: step }, { weight: 2, arbitrary: trouble }), {
    minLength: 1,
    maxLength: 25,
  });
  const streamingLists = fc.constantFrom("served" as const, "ignored" as const, 400 as const, 422 as const);
  const options = fc.record({ streamingLists, expired: fc.constantFrom("line" as const, "status" as const) });
  await fc.assert(
    fc.asyncProperty(options, fc.boolean(), steps, async (how, refusing, script) => {
      await using server = await startApiServer({
        ...how,
        refusedFields: refusing ? ["spec.hostNetwork"] : [],
      });
      await using reader = follow(server, {
        resource: PODS,
        pace: {
          random: Math.random,
          streamingPatience: 20,
          // The one thing that ends a watch which stalls alone, without ever having had a bookmark.
          longestWatch: 300,
          longestAnswer: 30,
          silence: 10,
          probeEvery: 30,
          longestProbe: 25,
          versionCheckEvery: 25,
          bookmarkSilence: 40,
        },
      });
      for (const one of script) await one(server, reader);
      server.faults(undefined);
      reader.paused = false;
      await agree(server, reader);
      // Also what comes later, by a watch that works.
      server.apply(pod("last", "Running"));
      await agree(server, reader);
      expect(reader.kinds).toContain("listed");
    }),
    { seed: testSeed(), numRuns: testRuns("TORTIE_LIST_WATCH_RUNS", 40), endOnFailure: false },
  );
}, 120_000);
