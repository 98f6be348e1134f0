import { type Cidr, parseCidr } from "../../model/cidr.ts";

/** Where flannel says what it does on this node. */
export const FLANNEL_FILE = "/run/flannel/subnet.env";

/** What of it matters here. */
export interface Flannel {
  /** All pods of the cluster, as flannel knows them. */
  readonly networks: readonly Cidr[];
  /** Whether flannel itself masquerades what its pods send to outside (`--ip-masq`). */
  readonly masquerades: boolean;
  /** What is written there and cannot be understood, in words. */
  readonly strange: readonly string[];
}

const NETWORKS: readonly string[] = ["FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"];
const MASQUERADES = "FLANNEL_IPMASQ";

/** Reads lines of `NAME=VALUE`; with several cluster CIDRs, flannel writes them with commas between. */
export function readFlannel(text: string): Flannel {
  const networks: Cidr[] = [];
  const strange: string[] = [];
  let masquerades = false;
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^\s*(\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (name === MASQUERADES) {
      masquerades = value === "true";
      if (value !== "true" && value !== "false")
        strange.push(`${name}=${value}, which is neither true nor false`);
    } else if (NETWORKS.includes(name)) {
      for (const block of value.split(",").map((one) => one.trim())) {
        if (block === "") continue;
        const cidr = parseCidr(block);
        if (cidr === undefined) strange.push(`${name}=${block}, which is no block of addresses`);
        else networks.push(cidr);
      }
    }
  }
  return { networks, masquerades, strange };
}
