import type { V1EnvVar, V1PodSecurityContext, V1SecurityContext } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";

/** Our executable holds a runtime of JavaScript, which would heed them. */
export const SEALED: readonly Commented<V1EnvVar>[] = [
  {
    "#": "Empty, so that nothing else can be run in the name of the executable.",
    name: "BUN_OPTIONS",
    value: "",
  },
  { name: "BUN_BE_BUN", value: "" },
];

export function podSecurity(): Commented<V1PodSecurityContext> {
  return {
    "#runAsUser":
      "What it shares with the host is root's. Without capabilities root may no more than any owner of files.",
    runAsUser: 0,
    runAsGroup: 0,
    seccompProfile: { type: "RuntimeDefault" },
    "#seLinuxOptions":
      "Under SELinux: may use those directories of the host, which carry the host's labels. Without effect elsewhere. Under AppArmor the runtime's own profile holds; nothing that it forbids is done here.",
    seLinuxOptions: { type: "spc_t" },
  };
}

/** Of a container that can do no more than `capabilities` say. */
export function containerSecurity(
  capabilities: readonly string[],
  why?: string,
): Commented<V1SecurityContext> {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    ...(why !== undefined && { "#capabilities": why }),
    capabilities: { drop: ["ALL"], ...(capabilities.length > 0 && { add: [...capabilities] }) },
  };
}
