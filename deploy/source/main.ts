import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { imageReference, withUsage } from "../arguments.ts";
import { kustomizeFiles } from "./kustomize.ts";
import { manifests } from "./manifests.ts";
import { DEFAULT_IMAGE } from "./names.ts";
import { writeYaml } from "./write-yaml.ts";

/** Every file that is rendered, by its path below deploy/. */
export function renderedFiles(image: string = DEFAULT_IMAGE): ReadonlyMap<string, string> {
  const files = manifests(image).map(
    ({ name, head, objects }) => [join("manifests", name), writeYaml(head, objects)] as const,
  );
  return new Map([...files, ...kustomizeFiles(image)]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      image: { type: "string", default: DEFAULT_IMAGE },
      output: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
    },
  });
  for (const [path, text] of renderedFiles(imageReference(values.image))) {
    const file = join(values.output, path);
    await mkdir(join(file, ".."), { recursive: true });
    await Bun.write(file, text);
  }
}

if (import.meta.main) await withUsage("usage: bun run manifests [--image REF] [--output DIRECTORY]", main);
