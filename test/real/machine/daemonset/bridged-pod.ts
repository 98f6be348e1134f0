import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { podManifest } from "../../pod-manifest.ts";
import { applyObjects, deletePod, podReady, read, readUntil } from "../../pods.ts";
import { program } from "../../programs.ts";
import type { ShippedNode } from "./shipped-node.ts";

/** What the pod is behind. */
export const BRIDGE = "plugged0";
/** Sorts behind tortie's. */
const CONFIGURATION = "/etc/cni/net.d/99-bridge.conflist";
const PROGRAMS = ["bridge", "host-local", "loopback"] as const;

const CONTENT = {
  cniVersion: "0.4.0",
  name: "bridge",
  plugins: [
    {
      type: "bridge",
      bridge: BRIDGE,
      isDefaultGateway: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]] },
    },
  ],
};

/** Runs `default/old` on a node that had another plugin before tortie came; gives how both go away. */
export async function startBridgedPod(node: ShippedNode): Promise<() => Promise<void>> {
  const { cluster, machine } = node;
  for (const name of PROGRAMS)
    await machine.run(["install", "-D", program(name), join("/opt/cni/bin", name)]);
  const configuration = node.path(CONFIGURATION);
  mkdirSync(join(configuration, ".."), { recursive: true });
  writeFileSync(configuration, JSON.stringify(CONTENT));
  // Its controller makes it a moment after the namespace; before, no pod may be made.
  await readUntil(
    () => read(cluster, "serviceaccount", "default/default", "{.metadata.name}"),
    (name) => name !== "",
  );
  await applyObjects(cluster, podManifest({ name: "old" }));
  await podReady(cluster, "default/old");
  return async () => {
    await deletePod(cluster, "default/old");
    rmSync(configuration);
  };
}
