import { addressBytes } from "../../model/address.ts";
import type { NetworkChange } from "../../native/rtnetlink-change.ts";
import { NetworkChangeError, Rtnetlink } from "../../native/rtnetlink.ts";
import { ROUTE_PROTOCOL } from "../route/route-protocol.ts";
import { awaitReachable } from "./await-reachable.ts";
import { changeOrExplain } from "./configure-pod-link.ts";
import { demandFreeRoutes, routeOwner } from "./host-routes.ts";
import {
  type CreatedPodLink,
  GATEWAY_IPV6,
  hasFamily,
  LINK_LOCAL_PREFIX,
  type PodNetworkPlan,
} from "./pod-link.ts";
import { PodLinkError } from "./pod-link-error.ts";

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
 * Brings the host end of a link up that configurePodLink has made ready: from now on the pod speaks and hears, so its rules
 * must be in the kernel. The calling thread is in the host's network namespace. Throws PodLinkError and
 * NetworkNamespaceError; the link is the caller's to remove then.
 */
export function raisePodLink(plan: PodNetworkPlan, { hostIndex, podIndex }: CreatedPodLink): void {
  using host = new Rtnetlink();
  using pod = plan.namespace.run(() => new Rtnetlink());
  changeHost(host, plan, hostIndex);
  awaitReachable({ kernel: host, index: hostIndex }, { kernel: pod, index: podIndex }, plan.addresses);
}
