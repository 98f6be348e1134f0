import type { Named } from "./named.ts";

export type InterfaceName = Named<"InterfaceName">;

/** Not by node:crypto: loading it takes 2 ms, which each pod would pay when it is wired. */
function hexDigest(algorithm: "sha1" | "sha256", text: string): string {
  return new Bun.CryptoHasher(algorithm).update(text).digest("hex");
}

/** Network interfaces of workloads begin with this, as Calico's do. */
export const INTERFACE_PREFIX = "cali";

/** 20 hexadecimal digits of SHA-256: short enough for a name, long enough (80 bits) that nobody forges a collision. */
export function fingerprint(text: string): string {
  return hexDigest("sha256", text).slice(0, 20);
}

/** The host end of a pod's veth: `cali` and 11 hexadecimal digits of SHA-1("NAMESPACE.POD"), as Calico names it. */
export function podInterfaceName(namespace: string, pod: string): InterfaceName {
  return `${INTERFACE_PREFIX}${hexDigest("sha1", `${namespace}.${pod}`).slice(0, 11)}` as InterfaceName;
}
