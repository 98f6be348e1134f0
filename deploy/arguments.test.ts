import { expect, test } from "bun:test";
import { join } from "node:path";
import { imageReference } from "./arguments.ts";

test.each([
  "tortie",
  "localhost/tortie:0.1.0",
  "localhost:5000/a/b_c--d",
  `ghcr.io/somebody/tortie@sha256:${"0".repeat(64)}`,
])("%s names an image", (name) => expect(imageReference(name)).toBe(name));

test.each([
  "",
  "a b",
  "Ghcr.io/Somebody/Tortie",
  "tortie:",
  "tortie@sha256:0123",
  "a//b:1:2",
  "https://ghcr.io/a",
])("%j names none", (name) =>
  expect(() => imageReference(name)).toThrow(`--image "${name}" names no image; write it as`),
);

const USAGES = {
  "source/main.ts": "usage: bun run manifests [--image REF] [--output DIRECTORY]",
  "image/main.ts": "usage: script/image [--target amd64|arm64] [--compression zstd|gzip]",
};

test.each([
  ["source/main.ts", "--imge x", "Unknown option '--imge'"],
  ["source/main.ts", "--image", "Option '--image <value>' argument missing"],
  ["source/main.ts", "--image A", '--image "A" names no image'],
  ["source/main.ts", "more", "Unexpected argument 'more'"],
  ["image/main.ts", "--packages . --target sparc", '--target is amd64 or arm64, got "sparc"'],
  ["image/main.ts", "--packages . --compression xz", '--compression is zstd or gzip, got "xz"'],
  ["image/main.ts", "--packages . --tree x", "--executable and --tree need --target"],
  ["image/main.ts", "--packages . --target amd64 --executable /nowhere", "there is no executable /nowhere"],
] as const)("%s %s: says what is wrong and what is allowed", (program, words, message) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    process.execPath,
    join(import.meta.dir, program),
    ...words.split(" "),
  ]);
  const said = stderr.toString();
  expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 1, stdout: "" });
  expect(said.split("\n")[0]).toContain(message);
  expect(said.split("\n")[1]).toContain(USAGES[program]);
  expect(said).not.toContain("    at ");
});
