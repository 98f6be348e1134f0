import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab, PodPlace } from "./lab/lab.ts";
import { whole } from "./lab/place.ts";
import { ownCommand } from "./own-command.ts";

/** The CNI plugin refused, or said something that is no answer. */
export class PluginError extends Error {
  override readonly name = "PluginError";
}

/**
 * Stands in for host-local, which a machine that never ran containers lacks, and gives each pod the addresses that its
 * manifest names. The plugin runs it as it would run the real one.
 */
const ADDRESS_PLUGIN = `#!/bin/sh
case $CNI_COMMAND in ADD) exec cat "\${0%/*}/$CNI_CONTAINERID" ;; esac
`;

function configuration(runDirectory: string): string {
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "tortie-demo",
    type: "tortie",
    run_dir: runDirectory,
    mtu: 1500,
    ipam: { type: "host-local", ranges: [[{ subnet: "10.65.0.0/16" }], [{ subnet: "fd00:65::/64" }]] },
  });
}

/** Runs \`tortie cni\` for one pod, as a container runtime does. Throws PluginError. */
async function plug(pod: PodPlace, node: Lab["node"], directory: string): Promise<void> {
  const [namespace = "", name = ""] = pod.key.split("/");
  const containerId = `demo-${namespace}-${name}`;
  const ips = pod.addresses.map((address) => ({ address: whole(address) }));
  writeFileSync(join(directory, containerId), JSON.stringify({ cniVersion: "1.0.0", ips }));
  const child = node.network.run(() =>
    Bun.spawn(ownCommand("cni"), {
      env: {
        PATH: process.env["PATH"],
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: containerId,
        CNI_NETNS: pod.network.path,
        CNI_IFNAME: "eth0",
        CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name}`,
        CNI_PATH: directory,
      },
      stdin: Buffer.from(configuration(directory)),
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  const [out, complaint] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode === 0) return;
  throw new PluginError(`ADD of ${pod.key}: ${[out, complaint].join(" ").trim()}`);
}

/** Makes every pod's link with our own CNI plugin; its `run_dir` is `directory`. Gives how long that took in milliseconds. */
export async function plugPods(lab: Lab, directory: string): Promise<number> {
  const began = performance.now();
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "host-local"), ADDRESS_PLUGIN, { mode: 0o755 });
  // Where one fails the others still write into the directory: it may be removed when all have ended.
  const plugged = await Promise.allSettled(
    [...lab.pods.values()].map((pod) => plug(pod, lab.node, directory)),
  );
  for (const each of plugged) if (each.status === "rejected") throw each.reason;
  return performance.now() - began;
}
