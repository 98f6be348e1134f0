import { type Address, addressBytes, addressFamily } from "../../model/address.ts";
import { ALL_IPV4, ALL_IPV6, type Cidr, cidrFamily } from "../../model/cidr.ts";
import { NetworkChangeError, Rtnetlink } from "../../native/rtnetlink.ts";
import type { NetworkChange } from "../../native/rtnetlink-change.ts";
import { ROUTE_PROTOCOL } from "../route/route-protocol.ts";
import { awaitReachable } from "./await-reachable.ts";
import { demandFreeRoutes, routeOwner } from "./host-routes.ts";
import { kernelHasIpv6, writeSettings } from "./interface-settings.ts";
import {
  type CreatedPodLink,
  GATEWAY_IPV4,
  GATEWAY_IPV6,
  hasFamily,
  HOST_END_MAC,
  LINK_LOCAL_PREFIX,
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

/** The host end comes up with its address, and its routes follow in the same call: nobody sees it half made. */
function hostChanges(plan: PodNetworkPlan, link: number): NetworkChange[] {
  const linkLocal: NetworkChange = {
    kind: "addAddress",
    address: { link, address: GATEWAY_IPV6, prefixLength: LINK_LOCAL_PREFIX },
  };
  return [
    ...(hasFamily(plan.addresses, 6) ? [linkLocal] : []),
    { kind: "setLink", settings: { index: link, up: true } },
    ...plan.addresses.map((address): NetworkChange => {
      const destination = addressBytes(address);
      const prefixLength = destination.length * 8;
      const route = { destination, prefixLength, link, scope: "link", protocol: ROUTE_PROTOCOL } as const;
      return { kind: "addRoute", route };
    }),
  ];
}

function changeOrExplain(kernel: Rtnetlink, changes: readonly NetworkChange[], where: string): void {
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

/** Adds the host's part. A route that the agent was faster to add is as good as ours. */
function changeHost(host: Rtnetlink, plan: PodNetworkPlan, link: number): void {
  try {
    changeOrExplain(host, hostChanges(plan, link), "on the host");
  } catch (error) {
    demandFreeRoutes(host, plan.addresses, link);
    const cause = error instanceof PodLinkError ? error.cause : undefined;
    const taken = cause instanceof NetworkChangeError && cause.code === "EEXIST";
    const ours = plan.addresses.every((address) => routeOwner(host, address, link) === "link");
    if (!taken || cause.change.kind !== "addRoute" || !ours) throw error;
  }
}

/**
 * Gives a link that createPodLink made its addresses, routes and settings at both ends, and brings it up, the host end
 * last. The calling thread is in the host's network namespace. Throws PodLinkError and NetworkNamespaceError; the link is
 * the caller's to remove then.
 */
export function configurePodLink(
  plan: PodNetworkPlan,
  { hostIndex, podIndex }: CreatedPodLink,
  options: PodLinkOptions = {},
): void {
  const { addresses, allowForwarding, namespace } = plan;
  const { settingsDirectory: directory } = options;
  const families = { ipv6: hasFamily(addresses, 6), kernelHasIpv6: kernelHasIpv6(directory) };
  const strange = families.kernelHasIpv6 ? undefined : addresses.find((one) => addressFamily(one) === 6);
  if (strange !== undefined)
    throw new PodLinkError("noIpv6", {
      tried: `give ${strange} to the container`,
      found: "this host's kernel does not speak IPv6",
      next: "start it without ipv6.disable=1, or give the node no IPv6 podCIDR",
    });
  using host = new Rtnetlink();
  demandFreeRoutes(host, addresses, hostIndex);
  using pod = namespace.run(() => {
    writeSettings(podEndSettings({ interface: plan.podInterface, allowForwarding, ...families }), directory);
    return new Rtnetlink();
  });
  changeOrExplain(pod, podChanges(plan, podIndex), "in the container");
  writeSettings(hostEndSettings({ interface: plan.hostInterface, ...families }), directory);
  changeHost(host, plan, hostIndex);
  awaitReachable({ kernel: host, index: hostIndex }, { kernel: pod, index: podIndex }, addresses);
}
