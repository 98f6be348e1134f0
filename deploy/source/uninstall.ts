import type { V1Container, V1DaemonSet } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { onEveryNode } from "./daemon-set.ts";
import {
  BIN_DIRECTORY,
  binMount,
  binVolume,
  NET_DIRECTORY,
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

function container(name: string, image: string, stays: boolean): Commented<V1Container> {
  return {
    "#": stays
      ? "Looks once more, and stays, so that the node counts as done."
      : "Fails where something is left or the agent still lives, with the reason in its log, and is tried again.",
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["tortie", "uninstall"],
    env: [{ name: "SLEEP", value: String(stays) }, ...SEALED],
    resources: { requests: { cpu: "10m", memory: "80Mi" }, limits: { memory: "256Mi" } },
    securityContext: containerSecurity(["NET_ADMIN"], "The nftables table and the routes of the host."),
    volumeMounts: [
      { "#": "The agent's socket, and records of pods.", ...RUN_MOUNT },
      { "#": "The MTU of pods.", ...STATE_MOUNT },
      { "#": "The CNI configuration.", ...netMount(NET_DIRECTORY) },
      { "#": "The plugin.", ...binMount(BIN_DIRECTORY) },
    ],
  };
}

/** Takes everything of ours off every node, and shows when each is done. */
export function uninstallDaemonSet(image: string): Commented<V1DaemonSet> {
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
          initContainers: [container("uninstall", image, false)],
          containers: [container("done", image, true)],
          volumes: [
            RUN_VOLUME,
            STATE_VOLUME,
            {
              "#": "As in the manifest that was installed.",
              ...netVolume(NET_DIRECTORY),
            },
            binVolume(BIN_DIRECTORY),
          ],
        },
      },
    },
  };
}
