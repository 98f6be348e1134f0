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

test.each([
  [["--foo"], "Unknown option '--foo'"],
  [["--target", "sparc"], '--target "sparc" is no target that there is'],
])("%j is refused, and what is allowed is told", (words, message) => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "compile.ts", ...words], {
    cwd: import.meta.dir,
    stderr: "pipe",
  });
  expect(exitCode).toBe(1);
  expect(stderr.toString()).toStartWith(message);
  expect(stderr.toString()).toEndWith("usage: bun run build [--target x64|arm64] [--outdir DIR]\n");
});
