import * as v from "valibot";
import type { Direction, Peer, PortMatch, Rule } from "../../model/policy.ts";
import type { Selector } from "../../model/selector.ts";
import { childPath, type Defect } from "./defect.ts";
import { type IpBlock, ipBlock } from "./ip-block.ts";
import { type LabelSelector, labelSelector, readSelector } from "./label-selector.ts";
import { policyPort } from "./policy-port.ts";
import { listOf, maybe, parseAt, type Schema, strictFields } from "./schema.ts";

interface PeerFields {
  readonly podSelector?: LabelSelector | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly ipBlock?: IpBlock | undefined;
}

interface RuleFields {
  readonly from?: readonly PeerFields[];
  readonly to?: readonly PeerFields[];
  readonly ports: readonly PortMatch[];
}

const peer: Schema<PeerFields> = v.pipe(
  strictFields({
    podSelector: maybe(labelSelector),
    namespaceSelector: maybe(labelSelector),
    ipBlock: maybe(ipBlock),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { podSelector, namespaceSelector, ipBlock: block } = dataset.value;
    const selects = podSelector !== undefined || namespaceSelector !== undefined;
    if (selects && block !== undefined) {
      addIssue({ message: "ipBlock cannot stand beside podSelector or namespaceSelector" });
    }
    if (!selects && block === undefined) {
      addIssue({ message: "expected podSelector, namespaceSelector, both, or ipBlock" });
    }
  }),
);

const rules: Readonly<Record<Direction, Schema<RuleFields>>> = {
  ingress: strictFields({ from: listOf(peer), ports: listOf(policyPort) }),
  egress: strictFields({ to: listOf(peer), ports: listOf(policyPort) }),
};

function readPeer(fields: PeerFields, path: string, namespace: string, defects: Defect[]): Peer {
  if (fields.ipBlock !== undefined) {
    return { kind: "block", nets: [fields.ipBlock.cidr], notNets: fields.ipBlock.except };
  }
  const selector = (key: "podSelector" | "namespaceSelector"): Selector | undefined => {
    const found = fields[key];
    if (found === undefined) return undefined;
    const read = readSelector(found, childPath(path, key));
    defects.push(...read.defects);
    return read.selector;
  };
  const pods = selector("podSelector") ?? { kind: "all" };
  const namespaces = selector("namespaceSelector");
  return {
    kind: "endpoints",
    selector: {
      namespaces:
        namespaces === undefined
          ? { kind: "named", name: namespace }
          : { kind: "labelled", selector: namespaces },
      endpoints: pods,
    },
  };
}

export interface ReadRule {
  /** Undefined: it could not be read, so it allows nothing. */
  readonly rule: Rule | undefined;
  readonly defects: readonly Defect[];
}

/** One entry of spec.ingress or spec.egress. A null entry is refused: upstream takes it for a rule that allows everything. */
export function readRule(
  value: unknown,
  at: { readonly direction: Direction; readonly index: number; readonly namespace: string },
): ReadRule {
  const source = childPath(at.direction, at.index);
  const path = `spec.${source}`;
  const parsed = parseAt(rules[at.direction], value, { path, consequence: "this rule allows nothing" });
  if (!parsed.ok) return { rule: undefined, defects: parsed.defects };
  const defects: Defect[] = [];
  const { from, to, ports } = parsed.value;
  const peersPath = childPath(path, at.direction === "ingress" ? "from" : "to");
  const peers = (from ?? to ?? []).map((fields, index) =>
    readPeer(fields, childPath(peersPath, index), at.namespace, defects),
  );
  const rule: Rule = {
    action: "allow",
    peers: peers.length === 0 ? "everyone" : peers,
    ports: ports.length === 0 ? "everything" : ports,
    source,
  };
  return { rule, defects };
}
