import { expect, test } from "bun:test";
import { runPaths } from "../../handshake/run-paths.ts";
import { bootMarkPath } from "../../ipam/boot-mark.ts";

test("what ipam/ notes of a boot lies where uninstall looks for it", () => {
  expect(bootMarkPath({ runDirectory: "/x" })).toBe(runPaths("/x").bootMark);
});
