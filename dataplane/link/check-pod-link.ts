import { addressBytes, addressFamily } from "../../model/address.ts";
import { cidrFamily } from "../../model/cidr.ts";
import type { Link } from "../../native/link-message.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { cidrParts, podDestinations } from "./configure-pod-link.ts";
import { ownerText, routeOwner } from "./host-routes.ts";
import { readSetting, type Setting } from "./interface-settings.ts";
import { linkFamilies } from "./link-ipv6.ts";
import {
  GATEWAY_IPV4,
  GATEWAY_IPV6,
  hasFamily,
  HOST_END_MAC,
  type PodLinkOptions,
  type PodNetworkPlan,
} from "./pod-link.ts";
import { hostEndSettings, podEndSettings } from "./pod-link-settings.ts";

/** rtnetlink's number of the table that counts by default. */
const MAIN_TABLE = 254;

function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

/** What is wrong with either end; `where` begins a sentence. */
function endDefects(link: Link, where: string, mtu: number): string[] {
  return [
    ...(link.kind === "veth" ? [] : [`${where} is no veth but ${link.kind === "" ? "hardware" : link.kind}`]),
    ...(link.mtu === mtu ? [] : [`${where} has an MTU of ${link.mtu}, wanted is ${mtu}`]),
    ...(link.up ? [] : [`${where} is down`]),
  ];
}

function settingDefects(
  settings: readonly Setting[],
  where: string,
  directory: string | undefined,
): string[] {
  return settings.flatMap(([path, wanted]) => {
    const found = readSetting(path, directory);
    return found === wanted ? [] : [`${where}: ${path} is ${found ?? "missing"}, wanted is ${wanted}`];
  });
}

function hostDefects(host: Rtnetlink, link: Link, plan: PodNetworkPlan): string[] {
  const where = `the host's interface "${plan.hostInterface}"`;
  const { alias, macAddress, index } = link;
  const whose = alias === "" ? "nobody's by its mark" : `container ${alias}'s`;
  return [
    ...(alias === plan.containerId ? [] : [`${where} is ${whose}, wanted is ${plan.containerId}`]),
    ...endDefects(link, where, plan.mtu),
    ...(macAddress === HOST_END_MAC
      ? []
      : [`${where} has the MAC address ${macAddress}, wanted is ${HOST_END_MAC}`]),
    ...plan.addresses.flatMap((address) => {
      const owner = routeOwner(host, address, index);
      if (owner === "link") return [];
      if (owner === "nobody") return [`the host has no route to ${address}`];
      return [`${ownerText(address, owner)}, wanted is ${plan.hostInterface}`];
    }),
    ...(!hasFamily(plan.addresses, 6) || host.addresses(index).some((address) => same(address, GATEWAY_IPV6))
      ? []
      : [`${where} lacks the gateway's address`]),
  ];
}

function podRouteDefects(routes: readonly RouteMessage[], plan: PodNetworkPlan, index: number): string[] {
  const leads = (destination: Uint8Array, prefixLength: number, gateway: Uint8Array | undefined): boolean =>
    routes.some(
      (route) =>
        route.prefixLength === prefixLength &&
        same(route.destination, destination) &&
        route.nextHops.some(
          (hop) =>
            hop.interface === index &&
            (gateway === undefined ? !hop.gateway : same(hop.gatewayAddress, gateway)),
        ),
    );
  const lost = podDestinations(plan).filter((cidr) => {
    const { destination, prefixLength } = cidrParts(cidr);
    return !leads(destination, prefixLength, cidrFamily(cidr) === 4 ? GATEWAY_IPV4 : GATEWAY_IPV6);
  });
  return [
    ...(hasFamily(plan.addresses, 4) && !leads(GATEWAY_IPV4, 32, undefined)
      ? [`the container has no route to its gateway by "${plan.podInterface}"`]
      : []),
    ...lost.map((cidr) => `the container has no route to ${cidr} by its gateway and "${plan.podInterface}"`),
  ];
}

function podDefects(pod: Rtnetlink, link: Link, plan: PodNetworkPlan): string[] {
  const found = pod.addresses(link.index);
  const missing = plan.addresses.filter((address) => !found.some((one) => same(one, addressBytes(address))));
  const routes = ([4, 6] as const).flatMap((family) =>
    hasFamily(plan.addresses, family) ? pod.routes({ family, table: MAIN_TABLE, link: link.index }) : [],
  );
  const neighbours = pod.neighbours(link.index);
  const gateways = new Set(plan.addresses.map(addressFamily));
  const strangers = [...gateways].filter((family) => {
    const gateway = family === 4 ? GATEWAY_IPV4 : GATEWAY_IPV6;
    return !neighbours.some(
      ({ address, macAddress, permanent }) =>
        permanent && macAddress === HOST_END_MAC && same(address, gateway),
    );
  });
  return [
    ...endDefects(link, `the container's interface "${plan.podInterface}"`, plan.mtu),
    ...missing.map(
      (address) => `the container's interface "${plan.podInterface}" lacks the address ${address}`,
    ),
    ...podRouteDefects(routes, plan, link.index),
    ...strangers.map((family) => `the container's IPv${family} gateway lacks its permanent neighbour entry`),
  ];
}

/**
 * Everything that is otherwise than createPodLink, configurePodLink and raisePodLink leave it, one sentence each; empty:
 * nothing. The calling thread is in the host's network namespace. Throws SystemCallError and NetworkNamespaceError.
 */
export function checkPodLink(plan: PodNetworkPlan, options: PodLinkOptions = {}): string[] {
  const { settingsDirectory: directory } = options;
  const families = linkFamilies(plan, directory);
  using host = new Rtnetlink();
  using pod = plan.namespace.run(() => new Rtnetlink());
  const near = host.link({ name: plan.hostInterface });
  const far = pod.link({ name: plan.podInterface });
  const defects: string[] = [];
  if (near === undefined) defects.push(`the host has no interface "${plan.hostInterface}"`);
  else {
    const settings = hostEndSettings({ interface: plan.hostInterface, ...families });
    defects.push(...hostDefects(host, near, plan), ...settingDefects(settings, "on the host", directory));
  }
  if (far === undefined) defects.push(`the container has no interface "${plan.podInterface}"`);
  else {
    const { podInterface, allowForwarding } = plan;
    const settings = podEndSettings({ interface: podInterface, allowForwarding, ...families });
    defects.push(...podDefects(pod, far, plan));
    defects.push(...plan.namespace.run(() => settingDefects(settings, "in the container", directory)));
  }
  if (near !== undefined && far !== undefined) {
    // Numbers alone are equal in many pods: the first link of each is number 2.
    const joined =
      near.peer?.index === far.index && near.peer.namespaceId === host.namespaceId(plan.namespace.fd);
    if (!joined)
      defects.push(`"${plan.hostInterface}" and "${plan.podInterface}" are not two ends of one link`);
  }
  return defects;
}
