import { join } from "node:path";

const SCRIPT = new URL("../../script/newest-kubernetes", import.meta.url).pathname;

let found: string | undefined;

function directory(): string {
  if (found !== undefined) return found;
  found = Bun.spawnSync([SCRIPT, "--built"]).stdout.toString().trim();
  if (found === "")
    throw new Error(
      "the newest Kubernetes was not built yet: run script/newest-kubernetes (some minutes, once)",
    );
  return found;
}

/** The path of a program of the newest Kubernetes; it takes minutes to build, so a test does not. */
export function newestProgram(name: "etcd" | "kube-apiserver" | "kubectl"): string {
  return join(directory(), name);
}
