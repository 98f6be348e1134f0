import { type Address, addressBytes } from "../../model/address.ts";
import { ALL_IPV4, ALL_IPV6, type Cidr, cidrFamily } from "../../model/cidr.ts";
import { NetworkChangeError, Rtnetlink } from "../../native/rtnetlink.ts";
import type { NetworkChange } from "../../native/rtnetlink-change.ts";
import { demandFreeRoutes } from "./host-routes.ts";
import { writeSettings } from "./interface-settings.ts";
import { demandIpv6, linkFamilies } from "./link-ipv6.ts";
import {
  type CreatedPodLink,
  GATEWAY_IPV4,
  GATEWAY_IPV6,
  hasFamily,
  HOST_END_MAC,
  type PodLinkOptions,
  type PodNetworkPlan,
} from "./pod-link.ts";
import { PodLinkError } from "./pod-link-error.ts";
import { hostEndSettings, podEndSettings } from "./pod-link-settings.ts";

/** The kernel's first interface of every network namespace. */
const LOOPBACK = 1;

/** Where the pod's packets go by its gateway: of the families that it speaks. */
export function podDestinations({ addresses, destinations = [ALL_IPV4, ALL_IPV6] }: PodNetworkPlan): Cidr[] {
  return destinations.filter((destination) => hasFamily(addresses, cidrFamily(destination)));
}

/** The base of a block, and its length in bits. */
export function cidrParts(cidr: Cidr): { readonly destination: Uint8Array; readonly prefixLength: number } {
  const [base = "", length] = cidr.split("/");
  return { destination: addressBytes(base as Address), prefixLength: Number(length) };
}

function ownAddress(link: number, address: Address): NetworkChange {
  const bytes = addressBytes(address);
  return { kind: "addAddress", address: { link, address: bytes, prefixLength: bytes.length * 8 } };
}

/** Everything inside the pod, in one call. Its gateway's hardware address is given: nobody needs to answer for it. */
function podChanges(plan: PodNetworkPlan, link: number): NetworkChange[] {
  const gateway = (address: Uint8Array): NetworkChange => ({
    kind: "setNeighbour",
    neighbour: { link, address, macAddress: HOST_END_MAC },
  });
  const toGateway = { destination: GATEWAY_IPV4, prefixLength: 32, link, scope: "link" } as const;
  const ipv4: NetworkChange[] = [{ kind: "addRoute", route: toGateway }, gateway(GATEWAY_IPV4)];
  return [
    { kind: "setLink", settings: { index: LOOPBACK, up: true } },
    { kind: "setLink", settings: { index: link, up: true } },
    ...plan.addresses.map((address) => ownAddress(link, address)),
    ...(hasFamily(plan.addresses, 4) ? ipv4 : []),
    ...(hasFamily(plan.addresses, 6) ? [gateway(GATEWAY_IPV6)] : []),
    ...podDestinations(plan).map((cidr): NetworkChange => {
      const by = cidrFamily(cidr) === 4 ? GATEWAY_IPV4 : GATEWAY_IPV6;
      return { kind: "addRoute", route: { ...cidrParts(cidr), link, gateway: by } };
    }),
  ];
}

/** Throws PodLinkError. `where`: for people. */
export function changeOrExplain(kernel: Rtnetlink, changes: readonly NetworkChange[], where: string): void {
  try {
    kernel.change(...changes);
  } catch (error) {
    if (!(error instanceof NetworkChangeError)) throw error;
    throw new PodLinkError(
      error.code === "EPERM" ? "notPermitted" : "refused",
      {
        tried: `set up the link ${where}`,
        found: error.message,
        next:
          error.code === "EPERM"
            ? "the plugin must run as root"
            : "see what else is there: ip address, ip route",
      },
      error,
    );
  }
}

/**
 * Gives a link that createPodLink made everything inside the pod, and its settings on the host. The host end stays down: a
 * veth whose other end is down passes nothing, whatever rules there are for its name. The calling thread is in the host's
 * network namespace. Throws PodLinkError and NetworkNamespaceError; the link is the caller's to remove then.
 */
export function configurePodLink(
  plan: PodNetworkPlan,
  { hostIndex, podIndex }: CreatedPodLink,
  options: PodLinkOptions = {},
): void {
  const { addresses, allowForwarding, namespace } = plan;
  const { settingsDirectory: directory } = options;
  demandIpv6(plan, directory);
  const families = linkFamilies(plan, directory);
  using host = new Rtnetlink();
  demandFreeRoutes(host, addresses, hostIndex);
  using pod = namespace.run(() => {
    writeSettings(podEndSettings({ interface: plan.podInterface, allowForwarding, ...families }), directory);
    return new Rtnetlink();
  });
  changeOrExplain(pod, podChanges(plan, podIndex), "in the container");
  writeSettings(hostEndSettings({ interface: plan.hostInterface, ...families }), directory);
}
