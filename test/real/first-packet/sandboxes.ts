import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import type { Machine } from "../machine.ts";

/** A container as the plugin's record tells of it. */
export interface Sandbox {
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly interface: string;
  readonly namespacePath: string;
  /** Empty while the plugin is at work. */
  readonly addresses: readonly string[];
}

/** Of all pods that are wired, or just being. */
export function sandboxes(machine: Machine): Sandbox[] {
  const directory = join(machine.root, "run/tortie/endpoints");
  let names: string[] = [];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  } catch {
    // The first pod makes it.
  }
  return names.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(directory, name), "utf8")) as Sandbox];
    } catch {
      return [];
    }
  });
}

export function sandboxOf(machine: Machine, pod: string): Sandbox {
  const found = sandboxes(machine).find((one) => one.pod === pod);
  if (found === undefined) throw new Error(`no record tells of pod ${pod}`);
  return found;
}

/** Whether the plugin has given it addresses, in another sandbox than `before`. */
export function isWired(machine: Machine, pod: string, before = ""): boolean {
  return sandboxes(machine).some(
    (one) => one.pod === pod && one.containerId !== before && one.addresses.length > 0,
  );
}

/** The pod's network. /var/run is a link that would lead out of the machine. */
export function networkOf(machine: Machine, { namespacePath }: Sandbox): NetworkNamespace {
  return NetworkNamespace.open(join(machine.root, namespacePath.replace(/^\/var\/run\//, "/run/")));
}

/** A file of /proc/net as that network has it. */
function statistics(network: NetworkNamespace, name: string): string {
  return network.run(() => readFileSync(`/proc/thread-self/net/${name}`, "utf8"));
}

/** The counters of /proc/net/snmp and snmp6 begin with the network: nothing that ever came in is missing in them. */
function kernelCounter(network: NetworkNamespace, group: string, name: string): number {
  if (group.endsWith("6")) {
    const text = statistics(network, "snmp6");
    return Number(new RegExp(`^${group}${name}\\s+(\\d+)$`, "m").exec(text)?.[1]);
  }
  const lines = statistics(network, "snmp").split("\n");
  const [names = [], values = []] = lines
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(name)]);
}

/** Datagrams that reached a pod's network since it was made, and segments that it sent a second time. */
export function receivedIn(network: NetworkNamespace): {
  readonly udp4: number;
  readonly udp6: number;
  readonly retransmitted: number;
} {
  const count = (group: string, ...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + kernelCounter(network, group, name), 0);
  // A flood's datagrams have no checksum, and IPv6 calls that an error.
  const ways = ["InDatagrams", "NoPorts", "InErrors"];
  return {
    udp4: count("Udp", ...ways),
    udp6: count("Udp6", ...ways),
    retransmitted: count("Tcp", "RetransSegs"),
  };
}
