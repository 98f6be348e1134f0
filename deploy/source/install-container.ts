import type { V1Container } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { installMounts } from "./host-paths.ts";
import { containerSecurity, SEALED } from "./pod-security.ts";
import type { Variant } from "./variant.ts";

/** Copies the plugin to the node before each start of the agent. */
export function installContainer(variant: Variant): Commented<V1Container> {
  return {
    "#": "Puts the plugin, and host-local, portmap, bandwidth, loopback and tuning where they are missing, into the host's directory of plugins. Nobody calls it there before the agent has written the configuration.",
    name: "install-cni",
    image: variant.image,
    imagePullPolicy: "IfNotPresent",
    command: ["tortie", "install"],
    env: [
      {
        "#": "It ends when it is done; `true` is for manifests that run it beside the agent.",
        name: "SLEEP",
        value: "false",
      },
      ...SEALED,
    ],
    "#resources":
      "Measured: 52 MB, and as much for the copy, which is run once. The copied file, 121 MB, counts here, too, until it is written to the disk.",
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: containerSecurity([], "None: it copies files of root's as root."),
    volumeMounts: installMounts(variant),
  };
}
