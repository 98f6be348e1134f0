import { node as nodeSchema } from "../../adapters/kubernetes/calico/kubernetes-objects.ts";
import { type NodeBgp, toNode } from "../../adapters/kubernetes/calico/node.ts";
import { toV1Node } from "../../adapters/kubernetes/calico/v1-objects.ts";
import { isObjectName } from "../../adapters/objects/names.ts";
import { listingOf, readAs, type Shown, v3List, type View } from "./view.ts";

/** Calico's number for nodes that have none of their own, shown in parentheses. */
const DEFAULT_AS_NUMBER = 64_512;

function cells(name: string, bgp: NodeBgp | undefined): Shown["cells"] {
  return {
    NAME: name,
    ASN: bgp === undefined ? "" : String(bgp.asNumber ?? `(${DEFAULT_AS_NUMBER})`),
    IPV4: bgp?.ipv4Address ?? "",
    IPV6: bgp?.ipv6Address ?? "",
  };
}

function showV3(object: unknown): Shown {
  const resource = toNode(readAs("Node", nodeSchema, object));
  return { resource, cells: cells(resource.metadata.name, resource.spec.bgp) };
}

function showV1(object: unknown): Shown {
  const resource = toV1Node(readAs("Node", nodeSchema, object));
  return { resource, cells: cells(resource.metadata.name, resource.spec.bgp) };
}

function nodes(show: (object: unknown) => Shown, list: View["list"]): View {
  const headings = ["NAME", "ASN", "IPV4", "IPV6"];
  return {
    kind: "Node",
    namespaced: false,
    headings: { ps: ["NAME"], wide: headings },
    allHeadings: headings,
    queries: () => [{ listing: listingOf("", "nodes"), show }],
    named: (name) => (isObjectName(name) ? [{ listing: listingOf("", "nodes", { name }), show }] : []),
    list,
  };
}

export const v1Nodes: View = nodes(showV1, (resources) => resources);
export const v3Nodes: View = nodes(showV3, (resources, versions) => v3List("Node", resources, versions));
