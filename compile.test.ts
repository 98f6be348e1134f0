import { expect, test } from "bun:test";
import { versionOfTag } from "./compile.ts";

test.each([
  ["v0.1.0-0-g1a2b3c4d5e6f", "0.1.0"],
  ["v0.1.0-12-g1a2b3c4d5e6f", "0.1.0+12"],
  ["v1.20.3-rc.1-0-g1a2b3c4", "1.20.3-rc.1"],
  ["v1.20.3-rc.1-7-g1a2b3c4", "1.20.3-rc.1+7"],
  ["v2-0-g1a2b3c4", undefined],
  ["", undefined],
])("git's %j is version %p", (described, version) => {
  expect(versionOfTag(described)).toBe(version);
});
