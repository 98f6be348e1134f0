import { readFileSync, writeFileSync } from "node:fs";
import type { NetworkNamespace } from "../../../native/network-namespace.ts";

/** Runs `ip` commands in a namespace, one a line, and gives what they print. Throws with what they complain of. */
export function ip(network: NetworkNamespace, ...lines: readonly string[]): string {
  const { exitCode, stdout, stderr } = network.run(() =>
    Bun.spawnSync(["ip", "-batch", "-"], { stdin: Buffer.from(`${lines.join("\n")}\n`) }),
  );
  if (exitCode !== 0) throw new Error(`ip said: ${stderr.toString()}`);
  return stdout.toString();
}

/** `net/bridge/bridge-nf-call-iptables`: the settings of the namespace, under /proc/sys. */
export function setSysctl(network: NetworkNamespace, name: string, value: string): void {
  network.run(() => writeFileSync(`/proc/sys/${name}`, value));
}

export function readSysctl(network: NetworkNamespace, name: string): string {
  return network.run(() => readFileSync(`/proc/sys/${name}`, "utf8")).trim();
}
