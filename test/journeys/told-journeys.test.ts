import { describe, test } from "bun:test";
import { expectSameAsFromScratch } from "./replay.ts";
import { TOLD_JOURNEYS } from "./told-journeys.ts";
import { expand } from "./walks.ts";

const ORDER = [5, 3, 8, 1, 9, 2, 7, 0, 6, 4];

describe.each(Object.entries(TOLD_JOURNEYS))("%s", (_, journey) => {
  test.each([...expand(journey, ORDER)])("%s", (_how, walk) => expectSameAsFromScratch(walk));
});
