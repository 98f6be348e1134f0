import { expect, test } from "bun:test";
import { startApiServer } from "../../../test/api-server/api-server.ts";
import { follow, namespace } from "../../../test/api-server/follower.ts";
import { testRuns } from "../../../test/worlds/seed.ts";
import { type Pace, REAL_PACE } from "./pace.ts";

/** Some minutes, in which the real pace probes dozens of times and checks the version twice. */
const REAL_SECONDS = 420;
const SILENT_SECONDS = testRuns("TORTIE_SILENT_SECONDS", 3);
/** Of the real durations: a silence that is shorter has as much in it. */
const SCALE = Math.min(1, SILENT_SECONDS / REAL_SECONDS);

const PACE: Partial<Pace> = {
  ...REAL_PACE,
  silence: REAL_PACE.silence * SCALE,
  probeEvery: REAL_PACE.probeEvery * SCALE,
  bookmarkSilence: REAL_PACE.bookmarkSilence * SCALE,
  versionCheckEvery: REAL_PACE.versionCheckEvery * SCALE,
  // As long as the longest that a server is asked for, so that no watch ends by itself.
  watchSeconds: [600, 600],
};

test(
  "a watch that says nothing, not even bookmarks, is left alone for minutes while the server answers",
  async () => {
    await using server = await startApiServer();
    server.apply(namespace("early"));
    await using reader = follow(server, { pace: PACE });
    await reader.until("the watch", () => server.watches() === 1 && reader.kinds.includes("listed"));
    const before = server.requests.length;
    await Bun.sleep(SILENT_SECONDS * 1000);
    const verbs = server.requests.slice(before).map(({ verb }) => verb);
    const [probes, checks] = ["probe", "list"].map((verb) => verbs.filter((one) => one === verb).length);
    process.stdout.write(
      `silent for ${SILENT_SECONDS} s: no second watch, ${probes} probes, ${checks} version checks\n`,
    );
    expect(new Set(verbs)).toEqual(new Set(["probe", "list"]));
    // A list here is the question whether the version still holds.
    expect(
      server.requests.slice(before).filter(({ verb, query }) => verb === "list" && query["limit"] !== "1"),
    ).toEqual([]);
    // Half of what the pace asks for: a busy machine answers late.
    expect(probes).toBeGreaterThan(REAL_SECONDS / 10 / 2);
    expect(checks).toBeGreaterThanOrEqual(1);
    expect(server.watches()).toBe(1);
    expect(reader.kinds).toEqual(["listing", "items", "listed"]);
    server.apply(namespace("late"));
    await reader.until("the change", () => reader.items.length === 2);
    expect(server.requests.filter(({ verb }) => verb === "watch")).toHaveLength(1);
  },
  SILENT_SECONDS * 1000 + 30_000,
);
