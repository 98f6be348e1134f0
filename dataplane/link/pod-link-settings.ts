import type { Setting } from "./interface-settings.ts";

/** What decides about the settings of a link. */
export interface SettingsPlan {
  readonly interface: string;
  /** The pod has an IPv6 address. */
  readonly ipv6: boolean;
  /** The kernel speaks IPv6, and does so on a link of this MTU. */
  readonly kernelHasIpv6: boolean;
}

/**
 * The host end's settings, Calico's. rp_filter protects nobody where `all` or a foreign hand says 2; the gate of our rules
 * does. A pod without IPv6 is closed for it here, too: the host listens to no router that a pod pretends to be.
 */
export function hostEndSettings(plan: SettingsPlan): Setting[] {
  const { interface: name, ipv6, kernelHasIpv6 } = plan;
  const ipv4: Setting[] = [
    [`ipv4/conf/${name}/rp_filter`, "1"],
    [`ipv4/conf/${name}/route_localnet`, "1"],
    [`ipv4/conf/${name}/proxy_arp`, "1"],
    [`ipv4/neigh/${name}/proxy_delay`, "0"],
    [`ipv4/conf/${name}/forwarding`, "1"],
  ];
  if (!kernelHasIpv6) return ipv4;
  const closed: Setting[] = [
    [`ipv6/conf/${name}/accept_ra`, "0"],
    [`ipv6/conf/${name}/disable_ipv6`, ipv6 ? "0" : "1"],
  ];
  if (!ipv6) return [...ipv4, ...closed];
  return [...ipv4, ...closed, [`ipv6/conf/${name}/proxy_ndp`, "1"], [`ipv6/conf/${name}/forwarding`, "1"]];
}

/**
 * The pod's settings. Its addresses are nobody else's, so none is asked about before it is used (DAD); the kernel heeds
 * that only where `all` says so, too.
 */
export function podEndSettings(plan: SettingsPlan & { readonly allowForwarding: boolean }): Setting[] {
  const { interface: name, ipv6, kernelHasIpv6 } = plan;
  const forwarding = plan.allowForwarding ? "1" : "0";
  const ipv4: Setting[] = [["ipv4/ip_forward", forwarding]];
  if (!kernelHasIpv6) return ipv4;
  if (!ipv6)
    return [
      ...ipv4,
      [`ipv6/conf/${name}/accept_ra`, "0"],
      [`ipv6/conf/${name}/disable_ipv6`, "1"],
      ["ipv6/conf/all/forwarding", forwarding],
    ];
  return [
    ...ipv4,
    // Runtimes may have closed the whole namespace for IPv6, the loopback with it.
    ["ipv6/conf/all/disable_ipv6", "0"],
    [`ipv6/conf/${name}/disable_ipv6`, "0"],
    ["ipv6/conf/all/accept_dad", "0"],
    [`ipv6/conf/${name}/accept_dad`, "0"],
    ["ipv6/conf/all/forwarding", forwarding],
    [`ipv6/conf/${name}/accept_ra`, "0"],
  ];
}
