import { resolve } from "node:path";
import * as v from "valibot";
import { parseAddress } from "../model/address.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";

const TRUE = ["true", "yes", "y", "t", "1", "on", "enabled"];
const FALSE = ["false", "no", "n", "f", "0", "off", "disabled"];
const BOOLEAN = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.picklist([...TRUE, ...FALSE], "true or false"),
  v.transform((text) => TRUE.includes(text)),
);

// @__NO_SIDE_EFFECTS__
function oneOf<const Values extends readonly string[]>(
  values: Values,
): v.GenericSchema<string, Values[number]> {
  const allowed = values.length === 1 ? `${values[0]} (the only one so far)` : `one of ${values.join(", ")}`;
  return v.pipe(v.string(), v.toLowerCase(), v.picklist(values, allowed));
}

// @__NO_SIDE_EFFECTS__
function wholeNumber(first: number, last: number): v.GenericSchema<string, number> {
  const allowed = `a whole number from ${first} to ${last}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, allowed),
    v.transform(Number),
    v.minValue(first, allowed),
    v.maxValue(last, allowed),
  );
}

const NODE_NAME = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
    "a Kubernetes node name: lower-case letters, digits, '-' and '.', at most 253",
  ),
);

/** Relative to where the process was started, as anywhere on a command line. */
const DIRECTORY = v.pipe(
  v.string(),
  v.transform((path) => resolve(path)),
);

const LISTENING = v.pipe(
  v.string(),
  v.check((text) => text === "localhost" || parseAddress(text) !== undefined, "an IP address or localhost"),
);

/** Names are Calico's where Calico has the thing (FELIX_: its parameter's name). */
export type SettingName =
  | "DATASTORE_TYPE"
  | "DATASTORE_PATH"
  | "NODENAME"
  | "FELIX_NFTWRITER"
  | "FELIX_DEFAULTENDPOINTTOHOSTACTION"
  | "FELIX_DISABLECONNTRACKINVALIDCHECK"
  | "TORTIE_GRACESECONDS"
  | "FELIX_HEALTHENABLED"
  | "FELIX_HEALTHHOST"
  | "FELIX_HEALTHPORT"
  | "FELIX_LOGSEVERITYSCREEN";

/** Everything that the environment decides, checked. */
export interface Config {
  readonly datastoreType: "file";
  readonly datastorePath: string;
  readonly nodeName: string;
  readonly writer: "netlink" | "libnftables";
  readonly endpointToHostAction: "accept" | "drop" | "return";
  /** Whether packets that conntrack cannot place are dropped before policy sees them. */
  readonly dropInvalid: boolean;
  readonly graceSeconds: number;
  readonly healthEnabled: boolean;
  readonly healthHost: string;
  /** 0: any free one. */
  readonly healthPort: number;
  readonly logLevel: LogLevel | "none";
}

const ENTRIES = {
  DATASTORE_TYPE: v.optional(oneOf(["file"]), "file"),
  DATASTORE_PATH: v.optional(DIRECTORY, "/etc/tortie/manifests"),
  NODENAME: NODE_NAME,
  FELIX_NFTWRITER: v.optional(oneOf(["netlink", "libnftables"]), "netlink"),
  FELIX_DEFAULTENDPOINTTOHOSTACTION: v.optional(oneOf(["accept", "drop", "return"]), "accept"),
  FELIX_DISABLECONNTRACKINVALIDCHECK: v.optional(BOOLEAN, "false"),
  TORTIE_GRACESECONDS: v.optional(wholeNumber(0, 86_400), "180"),
  FELIX_HEALTHENABLED: v.optional(BOOLEAN, "true"),
  FELIX_HEALTHHOST: v.optional(LISTENING, "127.0.0.1"),
  FELIX_HEALTHPORT: v.optional(wholeNumber(0, 65_535), "9099"),
  FELIX_LOGSEVERITYSCREEN: v.optional(oneOf([...LOG_LEVELS, "none"]), "info"),
} satisfies Readonly<Record<SettingName, unknown>>;

export const Settings: v.GenericSchema<unknown, Config> = v.pipe(
  v.object(ENTRIES),
  v.transform((given): Config => ({
    datastoreType: given.DATASTORE_TYPE,
    datastorePath: given.DATASTORE_PATH,
    nodeName: given.NODENAME,
    writer: given.FELIX_NFTWRITER,
    endpointToHostAction: given.FELIX_DEFAULTENDPOINTTOHOSTACTION,
    dropInvalid: !given.FELIX_DISABLECONNTRACKINVALIDCHECK,
    graceSeconds: given.TORTIE_GRACESECONDS,
    healthEnabled: given.FELIX_HEALTHENABLED,
    healthHost: given.FELIX_HEALTHHOST,
    healthPort: given.FELIX_HEALTHPORT,
    logLevel: given.FELIX_LOGSEVERITYSCREEN,
  })),
);

/** One line each for `tortie agent --help`. */
export const SETTING_HELP: Readonly<Record<SettingName, string>> = {
  DATASTORE_TYPE: "where policies come from: file (default file)",
  DATASTORE_PATH: "the directory of manifests (default /etc/tortie/manifests)",
  NODENAME: "this node's name, as in spec.nodeName of pods (default: the host's name)",
  FELIX_NFTWRITER: "who talks to the kernel: netlink or libnftables (default netlink)",
  FELIX_DEFAULTENDPOINTTOHOSTACTION:
    "pod to its own node, where its egress policy allows: Accept, Drop, Return (default Accept)",
  FELIX_DISABLECONNTRACKINVALIDCHECK: "let policy judge packets that conntrack calls invalid (default false)",
  TORTIE_GRACESECONDS:
    "seconds after the first install of a boot in which policy judges connections that were open before (default 180)",
  FELIX_HEALTHENABLED: "serve liveness and readiness (default true)",
  FELIX_HEALTHHOST: "the address to serve them on (default 127.0.0.1)",
  FELIX_HEALTHPORT: "the port to serve them on, 0 for any free one (default 9099)",
  FELIX_LOGSEVERITYSCREEN: "debug, info, warning, error, fatal or none (default info)",
};
