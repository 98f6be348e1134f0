import { expect, test } from "bun:test";
import { nearNames } from "./near-names.ts";

test.each([
  ["FELIX_HEALTHPROT", ["FELIX_HEALTHPORT", "FELIX_HEALTHHOST"]],
  ["FELIX_HEALTHPORT", ["FELIX_HEALTHPORT", "FELIX_HEALTHHOST"]],
  ["PATH", []],
  ["", []],
])("%p is near %p", (word, near) => {
  expect(nearNames(word, ["FELIX_HEALTHHOST", "FELIX_HEALTHPORT", "NODENAME"])).toEqual(near);
});

test("no more than was asked for, the nearest first", () => {
  expect(nearNames("x/web-1", ["x/web-2", "x/web-12", "x/web", "x/web-1"], 2)).toEqual([
    "x/web-1",
    "x/web-12",
  ]);
});
