import type { Cluster } from "./cluster.ts";

const MANIFEST = new URL("../../deploy/manifests/tortie-annotations.yaml", import.meta.url).pathname;

interface ApiObject {
  readonly kind: string;
}

/** Gives the agent's account the right of deploy/manifests/tortie-annotations.yaml at a server that cannot bind it. */
export async function grantAnnotations(cluster: Cluster): Promise<void> {
  const all = Bun.YAML.parse(await Bun.file(MANIFEST).text()) as readonly ApiObject[];
  const items = all.filter(({ kind }) => kind.startsWith("ClusterRole"));
  await cluster.kubectl(["apply", "--filename=-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}
