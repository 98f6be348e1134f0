import { type RunPaths, runPaths } from "../handshake/run-paths.ts";
import { replacePodCidrs, replaceUnknownPodCidrs } from "../ipam/pod-cidr.ts";
import type { HostLocalCall } from "../ipam/host-local.ts";
import type { NodeFacts } from "../handshake/messages.ts";
import type { Environment } from "../model/environment.ts";
import type { NetworkConfiguration } from "./netconf.ts";
import type { NodeParts } from "./node-parts.ts";
import type { PluginLog } from "./plugin-log.ts";

/** One call of the plugin, read and checked: what every verb is given. */
export interface Call {
  readonly environment: Environment;
  readonly pluginPath: readonly string[];
  readonly configuration: NetworkConfiguration;
  readonly paths: RunPaths;
  readonly node: NodeParts;
  readonly log: PluginLog;
  /** The runtime wants the plugin to end, or a DEL of the container that is held wants so. */
  readonly stopping: AbortSignal;
  /** Prints a result, now: for whoever must take back what nobody heard of. Throws what kept it from getting out. */
  readonly print: (text: string) => void;
  /** The open file of the container's lock, for helpers to inherit; absent where no container is held. */
  readonly lock?: number;
}

export function pathsOf({ runDirectory }: NetworkConfiguration): RunPaths {
  return runPaths(runDirectory);
}

/** What host-local is told, with the node's ranges. Throws IpamError. */
export function leasingCall(
  { environment, pluginPath, configuration, lock }: Call,
  facts: NodeFacts | undefined,
): HostLocalCall {
  const node = facts ?? { name: "", podCidrs: [] };
  return {
    environment,
    pluginPath,
    configuration: { ...configuration.whole, ipam: replacePodCidrs(configuration.ipam, node) },
    ...(lock !== undefined && { inherited: lock }),
  };
}

/** Whose leases: one interface's of a container. */
export interface Leaseholder {
  readonly containerId: string;
  readonly podInterface: string;
  /** The name of the network that they are filed under, as the record has it; absent without one: the configuration's. */
  readonly network?: string;
}

/** What host-local is told of leases that are there already, whoever knows the node's ranges. Throws IpamError. */
export function leasedCall(
  { environment, pluginPath, configuration, lock }: Call,
  of: Leaseholder,
): HostLocalCall {
  // Of another IPAM's fields only the directory may be meant for host-local.
  const { type, dataDir } = configuration.ipam;
  const ipam = type === "host-local" ? configuration.ipam : { type: "host-local", dataDir };
  return {
    environment: {
      ...environment,
      CNI_CONTAINERID: of.containerId,
      CNI_IFNAME: of.podInterface,
      // Wishes decide nothing here, and for a bad one host-local would free nothing.
      CNI_ARGS: undefined,
    },
    pluginPath,
    configuration: {
      ...configuration.whole,
      name: of.network ?? configuration.name,
      ipam: replaceUnknownPodCidrs(ipam),
    },
    ...(lock !== undefined && { inherited: lock }),
  };
}

/** Whether addresses of this network are host-local's, and not left from another plugin's configuration. */
export function isLeasedByHostLocal({ configuration }: Call): boolean {
  return configuration.ipam.type === "host-local";
}
