import { type Address, addressFamily, parseAddress } from "../../model/address.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { isObject } from "./schema.ts";

export const POD_IP_ANNOTATION = "cni.projectcalico.org/podIP";
export const POD_IPS_ANNOTATION = "cni.projectcalico.org/podIPs";

export interface ReadAddresses {
  readonly addresses: readonly Address[];
  readonly defects: readonly Defect[];
}

interface Written {
  readonly path: string;
  readonly value: unknown;
  /** No address can stand there. */
  readonly misplaced?: boolean;
}

/** An address, or one as Calico annotates it: a block that holds nothing else. */
function readAddress(value: unknown): Address | undefined {
  if (typeof value !== "string") return undefined;
  const slash = value.indexOf("/");
  const text = slash < 0 ? value : value.slice(0, slash);
  const address = parseAddress(text, { leadingZeros: "decimal" });
  if (address === undefined || slash < 0) return address;
  const whole = text.includes(":") ? "128" : "32";
  return value.slice(slash + 1) === whole && (addressFamily(address) === 6) === text.includes(":")
    ? address
    : undefined;
}

function statusAddresses(status: Readonly<Record<string, unknown>>): Written[] {
  const podIPs = status["podIPs"] ?? [];
  const path = "status.podIPs";
  if (!Array.isArray(podIPs)) return [{ path, value: podIPs }];
  const listed = podIPs.map((entry: unknown, index) => {
    const at = childPath(path, index);
    return isObject(entry)
      ? { path: childPath(at, "ip"), value: entry["ip"] }
      : { path: at, value: entry, misplaced: true };
  });
  const podIP = status["podIP"] ?? "";
  return listed.length > 0 || podIP === "" ? listed : [{ path: "status.podIP", value: podIP }];
}

function annotatedAddresses(annotations: Readonly<Record<string, unknown>>): Written[] {
  for (const key of [POD_IPS_ANNOTATION, POD_IP_ANNOTATION]) {
    const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (value === undefined || value === null || value === "") continue;
    const path = childPath("metadata.annotations", key);
    if (typeof value !== "string") return [{ path, value }];
    return value.split(",").map((part) => ({ path, value: part.trim() }));
  }
  return [];
}

/**
 * The first of status.podIPs, status.podIP, the annotation podIPs and the annotation podIP that says anything
 * (Calico's order). An entry that cannot be read is left out; it never makes a later source count.
 */
export function readAddresses(
  status: Readonly<Record<string, unknown>>,
  annotations: Readonly<Record<string, unknown>>,
): ReadAddresses {
  const fromStatus = statusAddresses(status);
  const addresses = new Set<Address>();
  const defects: Defect[] = [];
  for (const { path, value, misplaced } of fromStatus.length > 0
    ? fromStatus
    : annotatedAddresses(annotations)) {
    const address = misplaced === true ? undefined : readAddress(value);
    if (address !== undefined) addresses.add(address);
    else {
      const message = "expected an IPv4 or IPv6 address";
      defects.push({ path, value: describe(value), message, consequence: "the pod is without this address" });
    }
  }
  return { addresses: [...addresses], defects };
}
