import { DIRECTORY, FILE_NAME, TEXT, wholeNumber } from "./setting-kinds.ts";
import { type Setting, setting, undecided } from "./setting.ts";

/** What the environment decides of the configuration by which runtimes call our plugin. */
export interface CniSettings {
  /** The template of the plugin's configuration. Undefined, with no file either: none is written. */
  readonly cniNetworkConfig: string | undefined;
  readonly cniNetworkConfigFile: string | undefined;
  /** Undefined: by what the template is, a list of plugins or a single one. */
  readonly cniConfigName: string | undefined;
  /** One that is removed once ours is written. */
  readonly cniOldConfigName: string | undefined;
  readonly cniNetDirectory: string;
  /** For `__CNI_MTU__`; 0: found out. */
  readonly cniMtu: number;
}

export const CNI_SETTINGS: { readonly [Key in keyof CniSettings]: Setting<CniSettings[Key]> } = {
  cniNetworkConfig: undecided(TEXT, {
    name: "CNI_NETWORK_CONFIG",
    means: "the template of the CNI configuration that the agent writes once its rules are in the kernel",
    defaultWords: "none is written",
  }),
  cniNetworkConfigFile: undecided(DIRECTORY, {
    name: "CNI_NETWORK_CONFIG_FILE",
    means: "a file that holds that template; where both are set, the file counts",
    defaultWords: "none",
  }),
  cniConfigName: undecided(FILE_NAME, {
    name: "CNI_CONF_NAME",
    means: "the name of the CNI configuration",
    defaultWords: "10-calico.conflist, or 10-calico.conf for a template of a single plugin",
  }),
  cniOldConfigName: undecided(FILE_NAME, {
    name: "CNI_OLD_CONF_NAME",
    means: "a CNI configuration that is removed when ours is written",
    defaultWords: "none",
  }),
  cniNetDirectory: setting(DIRECTORY, "/etc/cni/net.d", {
    name: "CNI_NET_DIR",
    means: "where the host has its CNI configuration; in a container it is looked for below /host first",
  }),
  cniMtu: setting(wholeNumber(0, 65_535), "0", {
    name: "CNI_MTU",
    means: "the MTU of pods, for `__CNI_MTU__`; 0 lets the agent find it out",
  }),
};
