import type { Node as KubernetesNode } from "./kubernetes-objects.ts";
import { ORCHESTRATOR } from "./workload-endpoint-name.ts";
import { type Resource, V3 } from "./resource.ts";

export interface NodeBgp {
  readonly asNumber?: number | undefined;
  /** With the length of the node's subnet, for example `10.0.0.1/24`. */
  readonly ipv4Address?: string | undefined;
  readonly ipv6Address?: string | undefined;
  readonly ipv4IPIPTunnelAddr?: string | undefined;
  readonly routeReflectorClusterID?: string | undefined;
}

export interface NodeSpec {
  readonly bgp?: NodeBgp | undefined;
  readonly ipv4VXLANTunnelAddr?: string | undefined;
  readonly vxlanTunnelMACAddr?: string | undefined;
  readonly ipv6VXLANTunnelAddr?: string | undefined;
  readonly vxlanTunnelMACAddrV6?: string | undefined;
  readonly orchRefs: readonly { readonly nodeName: string; readonly orchestrator: string }[];
  readonly wireguard?:
    | {
        readonly interfaceIPv4Address?: string | undefined;
        readonly interfaceIPv6Address?: string | undefined;
      }
    | undefined;
  readonly addresses?: readonly { readonly address: string; readonly type: string }[] | undefined;
}

export interface NodeStatus {
  readonly wireguardPublicKey?: string | undefined;
  readonly wireguardPublicKeyV6?: string | undefined;
  readonly podCIDRs?: readonly string[] | undefined;
}

export interface Node extends Resource<"Node", NodeSpec> {
  readonly status?: NodeStatus | undefined;
}

const KUBE_LABELS = "projectcalico.org/kube-labels";

/** A number, or the dotted form `a.b` of RFC 5396. */
function asNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}(\.\d{1,5})?$/.test(text)) return undefined;
  const [high = 0, low] = text.split(".").map(Number);
  const number = low === undefined ? high : high * 65_536 + low;
  return (low ?? 0) < 65_536 && number < 2 ** 32 ? number : undefined;
}

/** The object, unless every field of it is undefined. */
function unlessEmpty<Fields extends object>(fields: Fields): Fields | undefined {
  return Object.values(fields).some((value) => value !== undefined) ? fields : undefined;
}

/** Calico's v3 view of a node: what its annotations say about BGP and tunnels, and its addresses. */
export function toNode({ metadata, spec, status }: KubernetesNode): Node {
  const { name, annotations } = metadata;
  const annotation = (key: string): string | undefined => {
    const value = annotations?.[`projectcalico.org/${key}`];
    return value === "" ? undefined : value;
  };
  const bgp = unlessEmpty<NodeBgp>({
    asNumber: asNumber(annotation("ASNumber")),
    ipv4Address: annotation("IPv4Address"),
    ipv6Address: annotation("IPv6Address"),
    ipv4IPIPTunnelAddr: annotation("IPv4IPIPTunnelAddr"),
    routeReflectorClusterID: annotation("RouteReflectorClusterID"),
  });
  const own = [bgp?.ipv4Address, bgp?.ipv6Address]
    .filter((address) => address !== undefined)
    .map((address) => ({ address, type: "CalicoNodeIP" }));
  const others = (status?.addresses ?? [])
    .filter(({ type }) => type === "InternalIP" || type === "ExternalIP")
    .map(({ address, type }) => ({ address, type }));
  const addresses = [...own, ...others];
  const podCIDRs = spec?.podCIDRs ?? [];
  return {
    kind: "Node",
    apiVersion: V3,
    metadata: {
      name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
      labels: metadata.labels,
      annotations:
        metadata.labels === undefined ? undefined : { [KUBE_LABELS]: JSON.stringify(metadata.labels) },
    },
    spec: {
      bgp,
      ipv4VXLANTunnelAddr: annotation("IPv4VXLANTunnelAddr"),
      vxlanTunnelMACAddr: annotation("VXLANTunnelMACAddr"),
      ipv6VXLANTunnelAddr: annotation("IPv6VXLANTunnelAddr"),
      vxlanTunnelMACAddrV6: annotation("VXLANTunnelMACAddrV6"),
      orchRefs: [{ nodeName: name, orchestrator: ORCHESTRATOR }],
      wireguard: unlessEmpty({
        interfaceIPv4Address: annotation("IPv4WireguardInterfaceAddr"),
        interfaceIPv6Address: annotation("IPv6WireguardInterfaceAddr"),
      }),
      addresses: addresses.length === 0 ? undefined : addresses,
    },
    status: unlessEmpty({
      wireguardPublicKey: annotation("WireguardPublicKey"),
      wireguardPublicKeyV6: annotation("WireguardPublicKeyV6"),
      podCIDRs: podCIDRs.length === 0 ? undefined : podCIDRs,
    }),
  };
}
