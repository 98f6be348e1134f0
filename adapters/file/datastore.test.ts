import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { datastoreBehaviour } from "../behaviour.ts";
import { fileDatastore } from "./datastore.ts";

datastoreBehaviour("file", async () => {
  const root = await mkdtemp(join(tmpdir(), "tortie-file-"));
  const directory = join(root, "manifests");
  return {
    datastore: fileDatastore({ directory }),
    async replace(objects) {
      await mkdir(directory, { recursive: true });
      const temporary = join(root, "next");
      const items = [...objects];
      await writeFile(temporary, JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, "\t"));
      await rename(temporary, join(directory, "all.json"));
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true });
    },
  };
});
