import { needsPodCidrs, replacePodCidrs } from "../ipam/pod-cidr.ts";
import type { Call } from "./call.ts";
import type { Attachment } from "./environment.ts";

/**
 * What no agent and no waiting mends is told before anything is written or waited for. Throws CniError, IpamError and
 * NetworkNamespaceError.
 */
export function checkEarly(
  { node, pluginPath, configuration: { ipam } }: Call,
  { namespacePath = "" }: Attachment,
): void {
  node.demandNamespace(namespacePath);
  // Ranges that the node is still to be asked for are judged with its answer.
  if (!needsPodCidrs(ipam)) replacePodCidrs(ipam, { name: "", podCidrs: [] });
  node.leases.demandHelper(pluginPath);
}
