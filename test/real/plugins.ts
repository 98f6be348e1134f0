import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Address, parseAddress } from "../../model/address.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { program } from "./programs.ts";

export type PluginName = "ptp" | "bridge";

/** Where the plugin's pods have their addresses from: so few that a free one is soon another pod's. */
export interface PluginRange {
  readonly subnet: string;
  readonly rangeStart: string;
  readonly rangeEnd: string;
}

export interface PluginOptions {
  readonly plugin: PluginName;
  /** The host's network namespace. */
  readonly node: NetworkNamespace;
  readonly ranges: readonly PluginRange[];
}

/** A plugin of containernetworking as a container runtime calls it. */
export interface Plugin extends Disposable {
  /** Wires the namespace as `eth0` and gives its addresses. Throws with what the plugin says. */
  add(container: string, network: NetworkNamespace): Address[];
  remove(container: string, network: NetworkNamespace): void;
}

interface Result {
  readonly ips: readonly { readonly address: string }[];
}

/** Each as a network of its own whose leases vanish with it. */
export function openPlugin({ plugin, node, ranges }: PluginOptions): Plugin {
  const leases = mkdtempSync(join(tmpdir(), "tortie-leases-"));
  const ipam = { type: "host-local", dataDir: leases, ranges: ranges.map((range) => [range]) };
  const routes = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];
  const network = { cniVersion: "0.4.0", name: `try-${plugin}`, type: plugin };
  const configuration =
    plugin === "ptp"
      ? { ...network, ipam: { ...ipam, routes } }
      : { ...network, bridge: "plugged0", isGateway: true, isDefaultGateway: true, hairpinMode: true, ipam };

  function call(command: "ADD" | "DEL", container: string, { path }: NetworkNamespace): string {
    const env = {
      PATH: process.env["PATH"] ?? "",
      CNI_COMMAND: command,
      CNI_CONTAINERID: container,
      CNI_NETNS: path,
      CNI_IFNAME: "eth0",
      CNI_PATH: dirname(program("host-local")),
    };
    const stdin = Buffer.from(JSON.stringify(configuration));
    const done = node.run(() => Bun.spawnSync([program(plugin)], { env, stdin }));
    if (done.success) return done.stdout.toString();
    throw new Error(`${plugin} ${command} ${container}: ${done.stdout.toString()}${done.stderr.toString()}`);
  }

  return {
    add: (container, pod) => {
      const { ips } = JSON.parse(call("ADD", container, pod)) as Result;
      return ips.flatMap(({ address }) => parseAddress(address.split("/")[0] ?? "") ?? []);
    },
    remove: (container, pod) => void call("DEL", container, pod),
    [Symbol.dispose]: () => rmSync(leases, { recursive: true, force: true }),
  };
}
