import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NamespaceObject, NetworkPolicyObject, PodObject, World } from "../test/oracle/objects.ts";
import type { ExampleFile } from "./examples.ts";

type ManifestObject = NamespaceObject | PodObject | NetworkPolicyObject;

/** A directory of manifests that exists as long as the demo runs: the agent's datastore. */
export class ManifestDirectory implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "tortie-demo-"));
  /** Where agent and CNI plugin meet. */
  readonly run: string = mkdtempSync(join(tmpdir(), "tortie-demo-run-"));

  /** Puts a whole file there in one step, as `kubectl apply` would; gives when (performance.now()). */
  write({ name, text }: ExampleFile): number {
    const unfinished = join(this.path, `.${name}.unfinished`);
    writeFileSync(unfinished, text);
    renameSync(unfinished, join(this.path, name));
    return performance.now();
  }

  /** Gives when it was done (performance.now()). */
  remove(names: readonly string[]): number {
    for (const name of names) rmSync(join(this.path, name), { force: true });
    return performance.now();
  }

  /** What the files say now, read by another reader than tortie's: it is what the oracle is asked about. */
  world(): World {
    const files = readdirSync(this.path).filter((name) => name.endsWith(".yaml"));
    const objects = files.flatMap((name) => {
      const documents: unknown = Bun.YAML.parse(readFileSync(join(this.path, name), "utf8"));
      return (Array.isArray(documents) ? documents : [documents]) as ManifestObject[];
    });
    return {
      namespaces: objects.filter((object) => object.kind === "Namespace"),
      pods: objects.filter((object) => object.kind === "Pod"),
      policies: objects.filter((object) => object.kind === "NetworkPolicy"),
    };
  }

  [Symbol.dispose](): void {
    for (const one of [this.path, this.run]) rmSync(one, { recursive: true, force: true });
  }
}
