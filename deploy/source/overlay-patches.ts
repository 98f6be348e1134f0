import type { V1DaemonSet } from "@kubernetes/client-node";
import type { Commented, CommentedObject } from "./commented.ts";
import { ipPool } from "./config-map.ts";
import { binArguments, binMount, binVolume, netVolume, USUAL_DIRECTORIES } from "./host-paths.ts";
import { CONFIG_MAP, NAME, NAMESPACE, USER } from "./names.ts";
import type { WiredPlatform } from "./platforms.ts";

const DAEMON_SET = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: NAME, namespace: NAMESPACE },
} as const;

/** What a platform has elsewhere, as patches of the base. */
export function directoryPatches({ directories, podBlock }: WiredPlatform): readonly CommentedObject[] {
  const install = {
    name: "install-cni",
    command: ["tortie", "install", ...binArguments(directories)],
    volumeMounts: [
      binMount(directories),
      { $patch: "delete", mountPath: binMount(USUAL_DIRECTORIES).mountPath },
    ],
  };
  const agent = { name: NAME, env: [{ name: "CNI_NET_DIR", value: directories.net }] };
  return [
    {
      ...DAEMON_SET,
      spec: {
        template: {
          spec: {
            initContainers: [install],
            containers: [agent],
            volumes: [netVolume(directories), binVolume(directories)],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: CONFIG_MAP, namespace: NAMESPACE },
      data: { "ippool.yaml": ipPool(podBlock, true) },
    },
  ];
}

/** A patch of the DaemonSet. */
type Patch = { readonly spec: { readonly template: { readonly spec: object } } };

/** What neutral platforms have beside the manifest, by their names. */
export const NEUTRAL_PATCHES: ReadonlyMap<string, CommentedObject & Patch> = new Map([
  [
    "eks",
    {
      ...DAEMON_SET,
      spec: {
        template: {
          spec: {
            containers: [
              { name: NAME, volumeMounts: [{ name: "bpf", mountPath: "/sys/fs/bpf", readOnly: true }] },
            ],
            volumes: [{ name: "bpf", hostPath: { path: "/sys/fs/bpf", type: "Directory" } }],
          },
        },
      },
    },
  ],
  [
    "bottlerocket",
    {
      ...DAEMON_SET,
      spec: {
        template: {
          spec: {
            securityContext: {
              seLinuxOptions: { user: "system_u", role: "system_r", type: "super_t", level: "s0" },
            },
          },
        },
      },
    } satisfies Pick<Commented<V1DaemonSet>, "apiVersion" | "kind" | "metadata"> & Patch,
  ],
]);

/** What OpenShift must allow the DaemonSet's account. */
export const SECURITY_CONTEXT_CONSTRAINTS: CommentedObject = {
  "#": "The kind is OpenShift's own: no other API server takes it.",
  apiVersion: "security.openshift.io/v1",
  kind: "SecurityContextConstraints",
  metadata: { name: NAME },
  users: [USER],
  allowHostNetwork: true,
  allowHostDirVolumePlugin: true,
  volumes: ["configMap", "hostPath", "projected"],
  allowedCapabilities: ["NET_ADMIN"],
  requiredDropCapabilities: ["ALL"],
  allowPrivilegeEscalation: false,
  allowPrivilegedContainer: false,
  allowHostIPC: false,
  allowHostPID: false,
  allowHostPorts: false,
  readOnlyRootFilesystem: true,
  runAsUser: { type: "RunAsAny" },
  fsGroup: { type: "RunAsAny" },
  supplementalGroups: { type: "RunAsAny" },
  "#seLinuxContext": "For spc_t: its own directories of the host carry the host's labels.",
  seLinuxContext: { type: "RunAsAny" },
  seccompProfiles: ["runtime/default"],
};
