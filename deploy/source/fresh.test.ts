import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { renderedFiles } from "./main.ts";
import { DEPLOY, MANIFESTS } from "./test-manifests.ts";

function filesBelow(directory: string): string[] {
  return readdirSync(join(DEPLOY, directory), { recursive: true, encoding: "utf8" })
    .map((path) => join(directory, path))
    .filter((path) => statSync(join(DEPLOY, path)).isFile());
}

test("the files that are checked in are those that `bun run manifests` writes, and no other", () => {
  const rendered = renderedFiles();
  const found = [...filesBelow("manifests"), ...filesBelow("kustomize")];
  expect(found.toSorted()).toEqual([...rendered.keys()].toSorted());
  for (const [path, text] of rendered)
    expect({ path, text: readFileSync(join(DEPLOY, path), "utf8") }).toEqual({ path, text });
});

test("another image takes the place of ours in every container, and changes nothing else", () => {
  const image = "registry.example/tortie@sha256:0123";
  const other = renderedFiles(image);
  for (const [path, text] of renderedFiles()) {
    const lines = text.split("\n").map((line) => line.replace(/(image: )localhost\/tortie:.+/, `$1${image}`));
    expect(other.get(path)).toBe(lines.join("\n"));
  }
});

test("deploy/README.md names every manifest", () => {
  const page = readFileSync(join(DEPLOY, "README.md"), "utf8");
  for (const name of MANIFESTS) expect(page).toContain(`[manifests/${name}](manifests/${name})`);
});
