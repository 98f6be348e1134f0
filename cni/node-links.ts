import { deleteConntrackEntries } from "../dataplane/conntrack/delete-entries.ts";
import { checkPodLink } from "../dataplane/link/check-pod-link.ts";
import { configurePodLink } from "../dataplane/link/configure-pod-link.ts";
import { createPodLink } from "../dataplane/link/create-pod-link.ts";
import type { PodLinkPlan } from "../dataplane/link/pod-link.ts";
import { raisePodLink } from "../dataplane/link/raise-pod-link.ts";
import { removePodLink, takeOverStaleLink } from "../dataplane/link/remove-pod-link.ts";
import { addressBytes } from "../model/address.ts";
import { INTERFACE_PREFIX } from "../model/fingerprint.ts";
import { NetworkNamespace } from "../native/network-namespace.ts";
import { NetworkNamespaceError } from "../native/network-namespace-error.ts";
import { Rtnetlink } from "../native/rtnetlink.ts";
import type { Links, PodLink } from "./node-parts.ts";

/** Undefined: the namespace is gone, or never was. */
function openLeft(path: string): NetworkNamespace | undefined {
  if (path === "") return undefined;
  try {
    return NetworkNamespace.open(path);
  } catch (error) {
    if (error instanceof NetworkNamespaceError) return undefined;
    throw error;
  }
}

function planOf(link: PodLink, namespace: NetworkNamespace, mtu: number): PodLinkPlan {
  const { interface: hostInterface, podInterface, containerId } = link;
  return { namespace, hostInterface, podInterface, containerId, mtu };
}

/** The links of the network namespace that this process is in. */
export const nodeLinks: Links = {
  takeOver(name) {
    const taken = takeOverStaleLink(name);
    return taken === "absent" ? undefined : taken.containerId;
  },
  create(link, mtu) {
    using namespace = NetworkNamespace.open(link.namespacePath);
    return createPodLink(planOf(link, namespace, mtu));
  },
  configure(link, created, { mtu, addresses, allowForwarding }) {
    using namespace = NetworkNamespace.open(link.namespacePath);
    configurePodLink({ ...planOf(link, namespace, mtu), addresses, allowForwarding }, created);
  },
  raise(link, created, { mtu, addresses, allowForwarding }) {
    using namespace = NetworkNamespace.open(link.namespacePath);
    raisePodLink({ ...planOf(link, namespace, mtu), addresses, allowForwarding }, created);
  },
  remove({ interface: hostInterface, containerId, namespacePath }) {
    using namespace = openLeft(namespacePath);
    removePodLink({ hostInterface, containerId, ...(namespace !== undefined && { namespace }) });
  },
  differences(link, { mtu: wanted, addresses, allowForwarding }) {
    using namespace = NetworkNamespace.open(link.namespacePath);
    using host = new Rtnetlink();
    const mtu = wanted || (host.link({ name: link.interface })?.mtu ?? 0);
    return checkPodLink({ ...planOf(link, namespace, mtu), addresses, allowForwarding });
  },
  isReached(address) {
    using host = new Rtnetlink();
    const hops = host.route(addressBytes(address))?.nextHops ?? [];
    return hops.some(
      (hop) => host.link({ index: hop.interface })?.name.startsWith(INTERFACE_PREFIX) === true,
    );
  },
  forgetConnections(addresses) {
    deleteConntrackEntries(addresses);
  },
};
