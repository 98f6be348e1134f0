import * as v from "valibot";
import {
  CONNECTION_SETTINGS,
  connectionOptionsFrom,
  ConnectionOptionsError,
  type ConnectionOptions,
} from "../../adapters/kubernetes/connection/connection-options.ts";
import { RUN_DIRECTORY, STATE_DIRECTORY } from "../../handshake/run-paths.ts";
import type { Cidr } from "../../model/cidr.ts";
import { CNI_SETTINGS, type CniSettings } from "./cni-settings.ts";
import { METRICS_SETTINGS, type MetricsSettings } from "./metrics-settings.ts";
import { LOG_LEVELS, type LogLevel } from "../log.ts";
import {
  block,
  BOOLEAN,
  DIRECTORY,
  duration,
  LISTENING,
  NODE_NAME,
  oneOf,
  NOT_BOOLEAN,
  wholeNumber,
} from "./setting-kinds.ts";
import { setting, type SettingRow, undecided } from "./setting.ts";

/** Everything that the environment decides, checked. */
export interface Config extends CniSettings, MetricsSettings {
  readonly datastoreType: "file" | "kubernetes";
  readonly datastorePath: string;
  readonly connection: ConnectionOptions;
  readonly nodeName: string;
  /** False: another CNI plugin wires the pods, and their interfaces are looked up. True: they are Calico's `cali*`. */
  readonly manageCni: boolean;
  readonly unknownEndpoint: "drop" | "accept";
  readonly writer: "netlink" | "libnftables";
  readonly endpointToHostAction: "accept" | "drop" | "return";
  /** Whether packets that conntrack cannot place are dropped before policy sees them. */
  readonly dropInvalid: boolean;
  readonly graceSeconds: number;
  /** Longer than this in one pass over the kernel, and the agent is not live. */
  readonly watchdogSeconds: number;
  readonly healthEnabled: boolean;
  readonly healthHost: string;
  /** 0: any free one. */
  readonly healthPort: number;
  readonly logLevel: LogLevel | "none";
  /** Where the plugin finds the agent's socket and leaves its records. Emptied by a reboot. */
  readonly runDirectory: string;
  /** What outlives a reboot: the MTU of pods. */
  readonly stateDirectory: string;
  /** Whether addresses and container of a pod are written to its annotations. Undefined: where the server can bind that right. */
  readonly podAnnotations: boolean | undefined;
  /** Undefined: no such pool. */
  readonly ipv4Pool: Cidr | undefined;
  readonly ipv4PoolNatOutgoing: boolean;
  readonly ipv6Pool: Cidr | undefined;
  readonly ipv6PoolNatOutgoing: boolean;
  /** Calico's `ippool.yaml`; it may be missing. */
  readonly poolFile: string;
}

/** Every name of a variable of the connection. */
export const CONNECTION_NAMES: readonly string[] = Object.keys(CONNECTION_SETTINGS).flatMap((name) => [
  name,
  `CALICO_${name}`,
]);

/** The variables of the connection; what they say together is judged in one place for all faces. */
const CONNECTION: v.GenericSchema<Readonly<Record<string, string>>, ConnectionOptions> = v.pipe(
  v.record(v.string(), v.string()),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return connectionOptionsFrom((name) => dataset.value[name]);
    } catch (error) {
      if (!(error instanceof ConnectionOptionsError)) throw error;
      for (const message of error.lines) addIssue({ message });
      return NEVER;
    }
  }),
);

/** The settings that have one name for one value: all but the connection. */
export type SettingKey = Exclude<keyof Config, "connection">;

const SETTINGS = {
  datastoreType: setting(oneOf(["file", "kubernetes"], " (etcdv2: not in this version)"), "file", {
    name: "DATASTORE_TYPE",
    names: ["DATASTORE_TYPE", "CALICO_DATASTORE_TYPE", "FELIX_DATASTORETYPE"],
    means: "where pods, namespaces and policies come from: a directory of manifests, or the Kubernetes API",
  }),
  datastorePath: setting(DIRECTORY, "/etc/tortie/manifests", {
    name: "DATASTORE_PATH",
    means: "the directory of manifests, with DATASTORE_TYPE=file",
  }),
  nodeName: setting(NODE_NAME, "", {
    name: "NODENAME",
    names: ["FELIX_FELIXHOSTNAME", "NODENAME"],
    ambient: ["HOSTNAME"],
    means: "this node's name, as in spec.nodeName of pods",
    defaultWords: "the host's name",
  }),
  manageCni: undecided(BOOLEAN, {
    name: "CALICO_MANAGE_CNI",
    means:
      "whether our CNI plugin or Calico's wires the pods, by `cali*` interfaces (true), or another one, whose interfaces are found by the host's routes (false)",
    defaultWords: "true with manifests or a CNI_NETWORK_CONFIG, else false",
  }),
  unknownEndpoint: setting(oneOf(["drop", "accept"]), "drop", {
    name: "FELIX_UNKNOWNENDPOINTACTION",
    means:
      "what happens to packets from or to an address of this node's pod ranges that no known pod has; without effect with CALICO_MANAGE_CNI=true, where unknown interfaces are closed",
  }),
  endpointToHostAction: setting(oneOf(["accept", "drop", "return"]), "accept", {
    name: "FELIX_DEFAULTENDPOINTTOHOSTACTION",
    means: "pod to its own node, where its egress policy allows",
  }),
  dropInvalid: setting(NOT_BOOLEAN, "false", {
    name: "FELIX_DISABLECONNTRACKINVALIDCHECK",
    means: "let policy judge packets that conntrack calls invalid",
  }),
  graceSeconds: setting(duration(0, 86_400), "180", {
    name: "TORTIE_GRACESECONDS",
    means: "time after the first install of a boot in which policy judges connections that were open before",
  }),
  writer: setting(oneOf(["netlink", "libnftables"]), "netlink", {
    name: "FELIX_NFTWRITER",
    means: "who talks to the kernel; libnftables is the system's library",
  }),
  watchdogSeconds: setting(duration(1, 3_600), "90", {
    name: "FELIX_DATAPLANEWATCHDOGTIMEOUT",
    means: "longer than this in one pass over the kernel, and liveness fails",
  }),
  healthEnabled: setting(BOOLEAN, "true", {
    name: "FELIX_HEALTHENABLED",
    means: "serve liveness and readiness",
  }),
  healthHost: setting(LISTENING, "127.0.0.1", {
    name: "FELIX_HEALTHHOST",
    means: "the address to serve them on",
  }),
  healthPort: setting(wholeNumber(0, 65_535), "9099", {
    name: "FELIX_HEALTHPORT",
    means: "the port to serve them on, 0 for any free one",
  }),
  logLevel: setting(oneOf([...LOG_LEVELS, "none"]), "info", {
    name: "FELIX_LOGSEVERITYSCREEN",
    means: "log lines below this are not written",
  }),
  runDirectory: setting(DIRECTORY, RUN_DIRECTORY, {
    name: "TORTIE_RUNDIRECTORY",
    means: "where the CNI plugin finds the agent's socket and leaves a record of each pod",
  }),
  stateDirectory: setting(DIRECTORY, STATE_DIRECTORY, {
    name: "TORTIE_STATEDIRECTORY",
    means: "where the MTU of pods is kept",
  }),
  podAnnotations: undecided(BOOLEAN, {
    name: "TORTIE_PODANNOTATIONS",
    means: "write each pod's addresses and container to its `cni.projectcalico.org/` annotations",
    defaultWords:
      "true where the API server has ValidatingAdmissionPolicy (1.30) and the account has the right, else false",
  }),
  ipv4Pool: undecided(block(4), {
    name: "CALICO_IPV4POOL_CIDR",
    means: "the addresses of all pods of the cluster",
    defaultWords: "none",
  }),
  ipv4PoolNatOutgoing: setting(BOOLEAN, "true", {
    name: "CALICO_IPV4POOL_NAT_OUTGOING",
    means: "whether pods of that pool appear outside all pools with their node's address",
  }),
  ipv6Pool: undecided(block(6), {
    name: "CALICO_IPV6POOL_CIDR",
    means: "the IPv6 addresses of all pods of the cluster",
    defaultWords: "none",
  }),
  ipv6PoolNatOutgoing: setting(BOOLEAN, "false", {
    name: "CALICO_IPV6POOL_NAT_OUTGOING",
    means: "whether pods of that pool appear outside all pools with their node's address",
  }),
  poolFile: setting(DIRECTORY, "/etc/config/calico/ippool.yaml", {
    name: "TORTIE_IPPOOLFILE",
    means: "Calico's ippool.yaml, read where it is there",
  }),
  ...METRICS_SETTINGS,
  ...CNI_SETTINGS,
} satisfies Readonly<Record<SettingKey, unknown>>;

export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS) as SettingKey[];

/** How each setting is told, in the order in which it is told. */
export const SETTING_ROWS: Readonly<Record<SettingKey, SettingRow>> = {
  datastoreType: SETTINGS.datastoreType.row,
  datastorePath: SETTINGS.datastorePath.row,
  nodeName: SETTINGS.nodeName.row,
  manageCni: SETTINGS.manageCni.row,
  unknownEndpoint: SETTINGS.unknownEndpoint.row,
  endpointToHostAction: SETTINGS.endpointToHostAction.row,
  dropInvalid: SETTINGS.dropInvalid.row,
  graceSeconds: SETTINGS.graceSeconds.row,
  writer: SETTINGS.writer.row,
  watchdogSeconds: SETTINGS.watchdogSeconds.row,
  healthEnabled: SETTINGS.healthEnabled.row,
  healthHost: SETTINGS.healthHost.row,
  healthPort: SETTINGS.healthPort.row,
  logLevel: SETTINGS.logLevel.row,
  runDirectory: SETTINGS.runDirectory.row,
  stateDirectory: SETTINGS.stateDirectory.row,
  podAnnotations: SETTINGS.podAnnotations.row,
  ipv4Pool: SETTINGS.ipv4Pool.row,
  ipv4PoolNatOutgoing: SETTINGS.ipv4PoolNatOutgoing.row,
  ipv6Pool: SETTINGS.ipv6Pool.row,
  ipv6PoolNatOutgoing: SETTINGS.ipv6PoolNatOutgoing.row,
  poolFile: SETTINGS.poolFile.row,
  metricsEnabled: SETTINGS.metricsEnabled.row,
  metricsHost: SETTINGS.metricsHost.row,
  metricsPort: SETTINGS.metricsPort.row,
  processMetrics: SETTINGS.processMetrics.row,
  cniNetworkConfig: SETTINGS.cniNetworkConfig.row,
  cniNetworkConfigFile: SETTINGS.cniNetworkConfigFile.row,
  cniConfigName: SETTINGS.cniConfigName.row,
  cniOldConfigName: SETTINGS.cniOldConfigName.row,
  cniNetDirectory: SETTINGS.cniNetDirectory.row,
  cniMtu: SETTINGS.cniMtu.row,
};

/** Whoever has the plugin's configuration written has the plugin wire the pods. */
function wantsPlugin({ cniNetworkConfig, cniNetworkConfigFile }: CniSettings): boolean {
  return cniNetworkConfig !== undefined || cniNetworkConfigFile !== undefined;
}

/** From texts by `SettingKey`, and the connection's variables by name. */
export const Settings: v.GenericSchema<unknown, Config> = v.pipe(
  v.object({
    connection: CONNECTION,
    datastoreType: SETTINGS.datastoreType.schema,
    datastorePath: SETTINGS.datastorePath.schema,
    nodeName: SETTINGS.nodeName.schema,
    manageCni: SETTINGS.manageCni.schema,
    unknownEndpoint: SETTINGS.unknownEndpoint.schema,
    endpointToHostAction: SETTINGS.endpointToHostAction.schema,
    dropInvalid: SETTINGS.dropInvalid.schema,
    graceSeconds: SETTINGS.graceSeconds.schema,
    writer: SETTINGS.writer.schema,
    watchdogSeconds: SETTINGS.watchdogSeconds.schema,
    healthEnabled: SETTINGS.healthEnabled.schema,
    healthHost: SETTINGS.healthHost.schema,
    healthPort: SETTINGS.healthPort.schema,
    logLevel: SETTINGS.logLevel.schema,
    runDirectory: SETTINGS.runDirectory.schema,
    stateDirectory: SETTINGS.stateDirectory.schema,
    podAnnotations: SETTINGS.podAnnotations.schema,
    ipv4Pool: SETTINGS.ipv4Pool.schema,
    ipv4PoolNatOutgoing: SETTINGS.ipv4PoolNatOutgoing.schema,
    ipv6Pool: SETTINGS.ipv6Pool.schema,
    ipv6PoolNatOutgoing: SETTINGS.ipv6PoolNatOutgoing.schema,
    poolFile: SETTINGS.poolFile.schema,
    metricsEnabled: SETTINGS.metricsEnabled.schema,
    metricsHost: SETTINGS.metricsHost.schema,
    metricsPort: SETTINGS.metricsPort.schema,
    processMetrics: SETTINGS.processMetrics.schema,
    cniNetworkConfig: SETTINGS.cniNetworkConfig.schema,
    cniNetworkConfigFile: SETTINGS.cniNetworkConfigFile.schema,
    cniConfigName: SETTINGS.cniConfigName.schema,
    cniOldConfigName: SETTINGS.cniOldConfigName.schema,
    cniNetDirectory: SETTINGS.cniNetDirectory.schema,
    cniMtu: SETTINGS.cniMtu.schema,
  }),
  v.transform((given): Config => ({
    ...given,
    manageCni: given.manageCni ?? (given.datastoreType === "file" || wantsPlugin(given)),
  })),
);
