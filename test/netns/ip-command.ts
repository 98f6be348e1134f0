import type { NetworkNamespace } from "../../native/network-namespace.ts";

/** Runs lines of `ip -batch` in a namespace. Throws with what `ip` said. */
export function ip(namespace: NetworkNamespace, lines: readonly string[]): void {
  const { exitCode, stderr } = namespace.run(() =>
    Bun.spawnSync(["ip", "-batch", "-"], { stdin: Buffer.from(`${lines.join("\n")}\n`) }),
  );
  if (exitCode !== 0) throw new Error(`ip said: ${stderr.toString()}`);
}
