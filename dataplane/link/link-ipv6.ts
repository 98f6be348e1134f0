import { addressFamily } from "../../model/address.ts";
import { kernelHasIpv6 } from "./interface-settings.ts";
import { hasFamily, type PodNetworkPlan } from "./pod-link.ts";
import { PodLinkError } from "./pod-link-error.ts";

/** Bytes (RFC 8200). The kernel takes IPv6 off a smaller link, and all its settings with it. */
const SMALLEST_IPV6_MTU = 1280;

/** Whether a link speaks IPv6, or can be taught to. */
export function linkHasIpv6({ mtu }: Pick<PodNetworkPlan, "mtu">, settingsDirectory?: string): boolean {
  return mtu >= SMALLEST_IPV6_MTU && kernelHasIpv6(settingsDirectory);
}

/** What decides about the settings of both ends. */
export function linkFamilies(
  plan: Pick<PodNetworkPlan, "mtu" | "addresses">,
  settingsDirectory?: string,
): { readonly ipv6: boolean; readonly kernelHasIpv6: boolean } {
  return { ipv6: hasFamily(plan.addresses, 6), kernelHasIpv6: linkHasIpv6(plan, settingsDirectory) };
}

/** Throws PodLinkError where the container has an IPv6 address, and its link cannot speak IPv6. */
export function demandIpv6(
  { addresses, mtu }: Pick<PodNetworkPlan, "mtu" | "addresses">,
  settingsDirectory?: string,
): void {
  const address = addresses.find((one) => addressFamily(one) === 6);
  if (address === undefined) return;
  const tried = `give ${address} to the container`;
  if (!kernelHasIpv6(settingsDirectory))
    throw new PodLinkError("noIpv6", {
      tried,
      found: "this host's kernel does not speak IPv6",
      next: "start it without ipv6.disable=1, or give the node no IPv6 podCIDR",
    });
  if (mtu < SMALLEST_IPV6_MTU)
    throw new PodLinkError("noIpv6", {
      tried,
      found: `mtu is ${mtu}, and IPv6 needs ${SMALLEST_IPV6_MTU} at least`,
      next: "set a larger mtu in the network's configuration, or for the agent where it says 0; or give the node no IPv6 podCIDR",
    });
}
