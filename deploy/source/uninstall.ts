import type { V1Container, V1DaemonSet, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { onEveryNode } from "./daemon-set.ts";
import {
  binArguments,
  binMount,
  binVolume,
  type CniDirectories,
  netMount,
  netVolume,
  RUN_MOUNT,
  RUN_VOLUME,
  STATE_MOUNT,
  STATE_VOLUME,
} from "./host-paths.ts";
import { NAMESPACE } from "./names.ts";
import { containerSecurity, SEALED } from "./pod-security.ts";

const UNINSTALL = "tortie-uninstall";
const LABELS = { "k8s-app": UNINSTALL, "app.kubernetes.io/name": UNINSTALL };

/** What is to be taken off. */
export interface Uninstall {
  readonly image: string;
  /** Undefined: policies alone were enforced, and nothing of the host was mounted. */
  readonly directories: CniDirectories | undefined;
}

function container(name: string, stays: boolean, { image, directories }: Uninstall): Commented<V1Container> {
  const mounts = (wired: CniDirectories): Commented<V1VolumeMount>[] => [
    { "#": "The agent's socket, and records of pods.", ...RUN_MOUNT },
    { "#": "The MTU of pods.", ...STATE_MOUNT },
    { "#": "The CNI configuration.", ...netMount(wired) },
    { "#": "The plugin.", ...binMount(wired) },
  ];
  return {
    "#": stays
      ? "Looks once more, and stays, so that the node counts as done."
      : "Fails where something is left or the agent still lives, with the reason in its log, and is tried again.",
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["tortie", "uninstall", ...(directories === undefined ? [] : binArguments(directories))],
    env: [
      { name: "SLEEP", value: String(stays) },
      ...(directories === undefined ? [] : [{ name: "CNI_NET_DIR", value: directories.net }]),
      ...SEALED,
    ],
    "#resources": "Measured: 52 MB.",
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    securityContext: containerSecurity(["NET_ADMIN"], "The nftables table and the routes of the host."),
    ...(directories !== undefined && { volumeMounts: mounts(directories) }),
  };
}

/** Takes everything of ours off every node, and shows when each is done. */
export function uninstallDaemonSet(what: Uninstall): Commented<V1DaemonSet> {
  const { directories } = what;
  const volumes = (wired: CniDirectories): Commented<V1Volume>[] => [
    RUN_VOLUME,
    STATE_VOLUME,
    { "#": "As in the manifest that was installed.", ...netVolume(wired) },
    binVolume(wired),
  ];
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: UNINSTALL, namespace: NAMESPACE, labels: LABELS },
    spec: {
      selector: { matchLabels: { "k8s-app": UNINSTALL } },
      template: {
        metadata: { labels: LABELS },
        spec: {
          "#automountServiceAccountToken": "It asks the API server nothing.",
          automountServiceAccountToken: false,
          ...onEveryNode(),
          initContainers: [container("uninstall", false, what)],
          containers: [container("done", true, what)],
          ...(directories !== undefined && { volumes: volumes(directories) }),
        },
      },
    },
  };
}
