import type { Link } from "../../native/link-message.ts";
import { randomMacAddress } from "../../native/mac-address.ts";
import { NetworkChangeError, Rtnetlink } from "../../native/rtnetlink.ts";
import { LONGEST_INTERFACE_NAME } from "../../native/rtnetlink-requests.ts";
import { linkHasIpv6 } from "./link-ipv6.ts";
import { type CreatedPodLink, HOST_END_MAC, type PodLinkOptions, type PodLinkPlan } from "./pod-link.ts";
import { PodLinkError } from "./pod-link-error.ts";

/** Names that are no interface's among the kernel's settings, and directories. */
const RESERVED: ReadonlySet<string> = new Set(["all", "default", ".", ".."]);

function demandName(name: string, whose: string): void {
  const bytes = Buffer.byteLength(name);
  const found =
    bytes === 0 || bytes > LONGEST_INTERFACE_NAME
      ? `it has ${bytes} bytes`
      : RESERVED.has(name)
        ? "this name means something else to the kernel"
        : /[\s/:%\0]/.test(name)
          ? "it holds a space or one of / : %"
          : undefined;
  if (found === undefined) return;
  throw new PodLinkError("badName", {
    tried: `call ${whose} "${name}"`,
    found,
    next: `give a name of 1 to ${LONGEST_INTERFACE_NAME} bytes without spaces and without / : %`,
  });
}

function whoseLink({ alias }: Link): string {
  return alias === "" ? "nobody wrote down whose it is" : `it is container ${alias}'s`;
}

/** Why the kernel made no pair, in terms of what was asked for. */
function refused(error: NetworkChangeError, host: Rtnetlink, plan: PodLinkPlan): PodLinkError {
  const { hostInterface, podInterface } = plan;
  const tried = `make the link "${hostInterface}" of container ${plan.containerId}`;
  if (error.code === "EPERM") {
    const next = "the plugin must run as root in the host's network namespace";
    return new PodLinkError("notPermitted", { tried, found: error.message, next }, error);
  }
  if (error.code !== "EEXIST") {
    const next = "the kernel needs the module veth and room for another interface";
    return new PodLinkError("refused", { tried, found: error.message, next }, error);
  }
  const link = host.link({ name: hostInterface });
  if (link !== undefined) {
    const found = `the host has an interface of this name already, ${whoseLink(link)}`;
    return new PodLinkError("hostNameTaken", { tried, found, next: "delete it first" }, error);
  }
  return new PodLinkError(
    "podNameTaken",
    {
      tried,
      found: `the container has an interface "${podInterface}" already`,
      next: "ask for another name (CNI_IFNAME), or delete the one that is there",
    },
    error,
  );
}

/**
 * Makes both ends of a container's link in one message, down and without addresses, and marks the host end with the
 * container's ID: what a process that is killed in the middle leaves behind is found by name, and goes with the pod's
 * namespace. The calling thread is in the host's network namespace. Throws PodLinkError and NetworkNamespaceError;
 * nothing is left behind then.
 */
export function createPodLink(plan: PodLinkPlan, options: PodLinkOptions = {}): CreatedPodLink {
  const { namespace, hostInterface, podInterface, mtu, containerId } = plan;
  demandName(hostInterface, "the host's interface");
  demandName(podInterface, "the container's interface");
  if (namespace.isCurrent())
    throw new PodLinkError("hostNamespace", {
      tried: `wire container ${containerId}`,
      found: "its network namespace is the host's own",
      next: "a pod on the host's network needs no plugin: is CNI_NETNS right?",
    });
  using host = new Rtnetlink();
  // Chosen here, so that nobody needs to ask for it inside the pod.
  const podMac = randomMacAddress();
  const peer = { name: podInterface, macAddress: podMac, namespace: namespace.fd };
  try {
    host.change({ kind: "addVethPair", pair: { name: hostInterface, macAddress: HOST_END_MAC, mtu, peer } });
  } catch (error) {
    throw error instanceof NetworkChangeError ? refused(error, host, plan) : error;
  }
  const made = host.link({ name: hostInterface });
  if (made?.peer === undefined)
    throw new PodLinkError("refused", {
      tried: `make the link "${hostInterface}" of container ${containerId}`,
      found: "it vanished again at once",
      next: "does something else on this host delete it?",
    });
  try {
    // Its one link-local address is given by hand; a link without IPv6 knows no such setting.
    const generation = linkHasIpv6(plan, options.settingsDirectory) ? { linkLocalAddress: false } : {};
    host.change({ kind: "setLink", settings: { index: made.index, alias: containerId, ...generation } });
  } catch (error) {
    host.change({ kind: "deleteLink", index: made.index });
    throw error instanceof NetworkChangeError ? refused(error, host, plan) : error;
  }
  return { hostIndex: made.index, hostMac: made.macAddress, podIndex: made.peer.index, podMac };
}
