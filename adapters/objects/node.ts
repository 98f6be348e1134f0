import { type Cidr, parseCidr } from "../../model/cidr.ts";
import type { Node } from "../../model/node.ts";
import { childPath, type Defect, describe } from "./defect.ts";
import { readIdentity } from "./metadata.ts";
import { isObject } from "./schema.ts";

export type ReadNode =
  | { readonly kind: "node"; readonly value: Node; readonly defects: readonly Defect[] }
  | { readonly kind: "ignored"; readonly reason: string; readonly defects: readonly Defect[] }
  | { readonly kind: "unreadable"; readonly defects: readonly Defect[] };

interface Written {
  readonly path: string;
  readonly value: unknown;
}

/** spec.podCIDRs, else spec.podCIDR, as the API server keeps them equal. */
function writtenCidrs(spec: Readonly<Record<string, unknown>>): Written[] {
  const several = spec["podCIDRs"] ?? [];
  const path = "spec.podCIDRs";
  if (!Array.isArray(several)) return [{ path, value: several }];
  if (several.length > 0) return several.map((value: unknown, at) => ({ path: childPath(path, at), value }));
  const one = spec["podCIDR"] ?? "";
  return one === "" ? [] : [{ path: "spec.podCIDR", value: one }];
}

/** A Node (v1). Only the one called `nodeName` is this machine; of the others nothing is needed. */
export function readNode(value: Readonly<Record<string, unknown>>, nodeName: string | undefined): ReadNode {
  const nodeless = isObject(value["metadata"]) ? { name: value["metadata"]["name"] } : value["metadata"];
  const { name, defects: nameless } = readIdentity({ metadata: nodeless }, "this node is not known");
  if (nameless.length > 0) return { kind: "unreadable", defects: nameless };
  if (name !== nodeName) return { kind: "ignored", reason: "it is another node", defects: [] };
  const consequence = "addresses in this range that no pod has are not closed";
  const spec = value["spec"] ?? {};
  if (!isObject(spec)) {
    const defect = { path: "spec", value: describe(spec), message: "expected an object", consequence };
    return { kind: "node", value: { name, podCidrs: [] }, defects: [defect] };
  }
  const podCidrs = new Set<Cidr>();
  const defects: Defect[] = [];
  for (const { path, value: text } of writtenCidrs(spec)) {
    const cidr = typeof text === "string" ? parseCidr(text, { leadingZeros: "decimal" }) : undefined;
    if (cidr !== undefined) podCidrs.add(cidr);
    else {
      const message = "expected a block of addresses such as 10.244.1.0/24";
      defects.push({ path, value: describe(text), message, consequence });
    }
  }
  return { kind: "node", value: { name, podCidrs: [...podCidrs] }, defects };
}
