import { NetworkNamespace } from "../../native/network-namespace.ts";

/** Where a server and an agent meet on loopback: nobody else's rules are touched. Throws NetworkNamespaceError. */
export function benchNamespace(): NetworkNamespace {
  const namespace = NetworkNamespace.create();
  const done = namespace.run(() => Bun.spawnSync(["ip", "link", "set", "lo", "up"]));
  if (done.success) return namespace;
  namespace[Symbol.dispose]();
  throw new Error(`ip link set lo up: ${done.stderr.toString()}; install iproute2`);
}
