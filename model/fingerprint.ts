import { createHash } from "node:crypto";
import type { Named } from "./named.ts";

export type InterfaceName = Named<"InterfaceName">;

/** Network interfaces of workloads begin with this, as Calico's do. */
export const INTERFACE_PREFIX = "cali";

/** 20 hexadecimal digits of SHA-256: short enough for a name, long enough (80 bits) that nobody forges a collision. */
export function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 20);
}

/** The host end of a pod's veth: `cali` and 11 hexadecimal digits of SHA-1("NAMESPACE.POD"), as Calico names it. */
export function podInterfaceName(namespace: string, pod: string): InterfaceName {
  const digest = createHash("sha1").update(`${namespace}.${pod}`).digest("hex");
  return `${INTERFACE_PREFIX}${digest.slice(0, 11)}` as InterfaceName;
}
