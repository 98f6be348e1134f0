import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Link } from "../../native/link-message.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { NetworkChangeError, Rtnetlink } from "../../native/rtnetlink.ts";
import { PodLinkError } from "./pod-link-error.ts";

export interface RemovePodLinkPlan {
  readonly hostInterface: InterfaceName;
  readonly containerId: string;
  /** The container's, if it is still there: it tells whose a link without an owner's mark is. */
  readonly namespace?: NetworkNamespace;
}

/** `others`: the interface is another container's; `containerId` absent: nobody wrote down whose. */
export type RemovedPodLink =
  | "removed"
  | "absent"
  | { readonly kind: "others"; readonly containerId?: string };

/** By number: a link of the same name that comes meanwhile is another one. */
function deleteLink(host: Rtnetlink, { index, name }: Link): "removed" | "absent" {
  try {
    host.change({ kind: "deleteLink", index });
    return "removed";
  } catch (error) {
    if (!(error instanceof NetworkChangeError)) throw error;
    // Its namespace ended meanwhile, and took it along.
    if (error.code === "ENODEV") return "absent";
    const permitted = error.code !== "EPERM";
    throw new PodLinkError(
      permitted ? "refused" : "notPermitted",
      {
        tried: `remove the interface "${name}"`,
        found: error.message,
        next: permitted ? "it is tried again with the next DEL" : "the plugin must run as root",
      },
      error,
    );
  }
}

function leadsInto(host: Rtnetlink, link: Link, namespace: NetworkNamespace | undefined): boolean {
  if (namespace === undefined) return false;
  const id = host.namespaceId(namespace.fd);
  return id !== undefined && id === link.peer?.namespaceId;
}

/**
 * Removes a container's link, and its routes with it, if it is there and this container's: by the mark that createPodLink
 * left on it, or (killed before that, or Calico's) by the network namespace that its other end is in. Throws PodLinkError.
 */
export function removePodLink(plan: RemovePodLinkPlan): RemovedPodLink {
  using host = new Rtnetlink();
  const link = host.link({ name: plan.hostInterface });
  if (link === undefined) return "absent";
  if (link.alias === plan.containerId) return deleteLink(host, link);
  if (link.alias !== "") return { kind: "others", containerId: link.alias };
  return leadsInto(host, link, plan.namespace) ? deleteLink(host, link) : { kind: "others" };
}

/** `containerId` absent: nobody wrote down whose it was. */
export type TakenOverLink = "absent" | { readonly kind: "takenOver"; readonly containerId?: string };

/** What plugins make for pods. */
const POD_LINK_KINDS: ReadonlySet<string> = new Set(["veth", "netkit"]);

/**
 * Makes room for a container whose pod had another sandbox before, ours or Calico's, by removing that one's link. An
 * interface that is no pod's is left alone. Throws PodLinkError.
 */
export function takeOverStaleLink(hostInterface: InterfaceName): TakenOverLink {
  using host = new Rtnetlink();
  const link = host.link({ name: hostInterface });
  if (link === undefined) return "absent";
  if (!POD_LINK_KINDS.has(link.kind))
    throw new PodLinkError("hostNameTaken", {
      tried: `use the interface name "${hostInterface}"`,
      found: `the host has an interface of this name that is no pod's (${link.kind === "" ? "hardware" : link.kind})`,
      next: "rename or delete it",
    });
  if (deleteLink(host, link) === "absent") return "absent";
  return { kind: "takenOver", ...(link.alias !== "" && { containerId: link.alias }) };
}
