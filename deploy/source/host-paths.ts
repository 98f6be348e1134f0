import type { V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { CONFIG_MAP } from "./names.ts";
import type { Variant } from "./variant.ts";

/** Where the host's files are in a container. */
const HOST_ROOT = "/host";

/** Where a node's runtime looks for configurations and for plugins. */
export interface CniDirectories {
  readonly net: string;
  readonly bin: string;
}

export const USUAL_DIRECTORIES: CniDirectories = { net: "/etc/cni/net.d", bin: "/opt/cni/bin" };

const ACCESS = { type: "DirectoryOrCreate" } as const;

export const RUN_MOUNT: Commented<V1VolumeMount> = { name: "run", mountPath: "/run/tortie" };
export const STATE_MOUNT: Commented<V1VolumeMount> = { name: "state", mountPath: "/var/lib/calico" };

export function netMount({ net }: CniDirectories): Commented<V1VolumeMount> {
  return { name: "cni-net-dir", mountPath: `${HOST_ROOT}${net}` };
}

/** At its own place below the host's root directory, so that a place to mount it is there. */
export function binMount({ bin }: CniDirectories): Commented<V1VolumeMount> {
  return { name: "cni-bin-dir", mountPath: `${HOST_ROOT}${bin}` };
}

/** For `tortie install` and `uninstall`, where that is not what they look for anyway. */
export function binArguments({ bin }: CniDirectories): readonly string[] {
  return bin === USUAL_DIRECTORIES.bin ? [] : ["--bin-dir", `${HOST_ROOT}${bin}`];
}

/** The agent's mounts, where it serves our plugin. */
export function agentMounts(): readonly Commented<V1VolumeMount>[] {
  return [
    { "#": "The socket that the plugin calls, and the plugin's records of pods.", ...RUN_MOUNT },
    { "#": "The MTU of pods, kept over a reboot.", ...STATE_MOUNT },
    { "#": "The CNI configuration, and nothing else of the host's /etc.", ...netMount(USUAL_DIRECTORIES) },
    {
      "#": "Beside flannel: its networks and its MTU. The directory, for flannel replaces its file.",
      name: "flannel",
      mountPath: "/run/flannel",
      readOnly: true,
    },
    {
      "#": "ippool.yaml. A directory, for a mounted file would not follow changes.",
      name: "config",
      mountPath: "/etc/config/calico",
      readOnly: true,
    },
  ];
}

export function installMounts({ bindsWrites }: Variant): readonly Commented<V1VolumeMount>[] {
  const recursive = "Read-only with all that is mounted below it, where the runtime can do that.";
  return [
    {
      "#": `The plugin is tried with the host's own loader and libraries: one that cannot run there is refused, and what worked stays.${bindsWrites ? ` ${recursive}` : ""}`,
      name: "host",
      mountPath: HOST_ROOT,
      readOnly: true,
      ...(bindsWrites && { recursiveReadOnly: "IfPossible" }),
    },
    { "#": "The only directory that it writes to.", ...binMount(USUAL_DIRECTORIES) },
  ];
}

export const RUN_VOLUME: Commented<V1Volume> = { name: "run", hostPath: { path: "/run/tortie", ...ACCESS } };
export const STATE_VOLUME: Commented<V1Volume> = {
  name: "state",
  hostPath: { path: "/var/lib/calico", ...ACCESS },
};

export function netVolume({ net }: CniDirectories): Commented<V1Volume> {
  return { name: "cni-net-dir", hostPath: { path: net, ...ACCESS } };
}

export function binVolume({ bin }: CniDirectories): Commented<V1Volume> {
  return { name: "cni-bin-dir", hostPath: { path: bin, ...ACCESS } };
}

export function wiringVolumes(): readonly Commented<V1Volume>[] {
  return [
    RUN_VOLUME,
    STATE_VOLUME,
    {
      "#": "Where the node's runtime looks for configurations and plugins; deploy/kustomize has the places of other platforms.",
      ...netVolume(USUAL_DIRECTORIES),
    },
    binVolume(USUAL_DIRECTORIES),
    { name: "host", hostPath: { path: "/", type: "Directory" } },
    { name: "flannel", hostPath: { path: "/run/flannel", ...ACCESS } },
    {
      name: "config",
      configMap: {
        name: CONFIG_MAP,
        items: [{ key: "ippool.yaml", path: "ippool.yaml" }],
        "#optional": "Without it, no pool is known from here, and pods start all the same.",
        optional: true,
      },
    },
  ];
}
