import type { Cluster } from "../../cluster.ts";

const FREE = ["get", "pods", "--all-namespaces", "--field-selector=spec.nodeName="];
const NAMES = '{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
const PAUSE_MILLISECONDS = 250;

async function bind(cluster: Cluster, pod: string, node: string): Promise<void> {
  const [namespace = "", name = ""] = pod.split("/");
  const binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { namespace, name },
    target: { apiVersion: "v1", kind: "Node", name: node },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
  await cluster.kubectl(["create", "--raw", path, "-f", "-"], JSON.stringify(binding));
}

/**
 * Sends every pod that has no node to the only one, as a scheduler would: Debian packages none. A pod that went away meanwhile
 * is no failure.
 */
export function startBinder(cluster: Cluster, node: string): AsyncDisposable {
  let stopped = false;
  const work = async (): Promise<void> => {
    // Closing changes it.
    // oxlint-disable-next-line no-unmodified-loop-condition
    while (!stopped) {
      const found = await cluster.kubectl([...FREE, "--output", `jsonpath=${NAMES}`]).catch(() => "");
      for (const pod of found.split("\n").filter((line) => line !== ""))
        await bind(cluster, pod, node).catch(() => undefined);
      await Bun.sleep(PAUSE_MILLISECONDS);
    }
  };
  const done = work();
  return {
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      await done;
    },
  };
}
