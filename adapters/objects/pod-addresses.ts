import { type Address, addressFamily, parseAddress } from "../../model/address.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { isObject } from "./schema.ts";

export const POD_IP_ANNOTATION = "cni.projectcalico.org/podIP";
export const POD_IPS_ANNOTATION = "cni.projectcalico.org/podIPs";

export interface ReadAddresses {
  readonly addresses: readonly Address[];
  readonly defects: readonly Defect[];
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

/** Addresses in the order in which they are written, each once. */
interface Reading {
  readonly addresses: Address[];
  readonly defects: Defect[];
}

function refuse(path: string, value: unknown, { defects }: Reading): void {
  const message = "expected an IPv4 or IPv6 address";
  defects.push({ path, value: describe(value), message, consequence: "the pod is without this address" });
}

/** Whether it was an address. */
function keep(value: unknown, { addresses }: Reading): boolean {
  const address = readAddress(value);
  if (address === undefined) return false;
  if (!addresses.includes(address)) addresses.push(address);
  return true;
}

/** Whether the status says anything. */
function readStatus({ podIPs, podIP }: Readonly<Record<string, unknown>>, reading: Reading): boolean {
  const path = "status.podIPs";
  const listed = podIPs ?? [];
  if (!Array.isArray(listed)) {
    if (!keep(listed, reading)) refuse(path, listed, reading);
    return true;
  }
  for (let index = 0; index < listed.length; index++) {
    const entry: unknown = listed[index];
    if (!isObject(entry)) refuse(childPath(path, index), entry, reading);
    else if (!keep(entry["ip"], reading)) refuse(`${childPath(path, index)}.ip`, entry["ip"], reading);
  }
  if (listed.length > 0 || (podIP ?? "") === "") return listed.length > 0;
  if (!keep(podIP, reading)) refuse("status.podIP", podIP, reading);
  return true;
}

function readAnnotations(annotations: Readonly<Record<string, unknown>>, reading: Reading): void {
  for (const key of [POD_IPS_ANNOTATION, POD_IP_ANNOTATION]) {
    const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (value === undefined || value === null || value === "") continue;
    const path = childPath("metadata.annotations", key);
    const parts = typeof value === "string" ? value.split(",").map((part) => part.trim()) : [value];
    for (const part of parts) if (!keep(part, reading)) refuse(path, part, reading);
    return;
  }
}

/**
 * The first of status.podIPs, status.podIP, the annotation podIPs and the annotation podIP that says anything
 * (Calico's order). An entry that cannot be read is left out; it never makes a later source count.
 */
export function readAddresses(
  status: Readonly<Record<string, unknown>>,
  annotations: Readonly<Record<string, unknown>>,
): ReadAddresses {
  const reading: Reading = { addresses: [], defects: [] };
  if (!readStatus(status, reading)) readAnnotations(annotations, reading);
  return reading;
}
