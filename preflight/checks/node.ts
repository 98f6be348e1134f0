import { nearNames } from "../../model/near-names.ts";
import type { Node } from "../../model/node.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";
import { someOf } from "../some-of.ts";

const CHECK = "node";

export function checkNode(nodes: Known<readonly Node[]>, nodeName: string, manageCni: boolean): Finding {
  if (!nodes.known) return notKnown(CHECK, nodes.because);
  const own = nodes.value.find(({ name }) => name === nodeName);
  if (own === undefined) {
    const names = nodes.value.map(({ name }) => name);
    const near = nearNames(nodeName, names, 1)[0];
    const known = names.length === 0 ? "no node at all" : someOf(names);
    return failed(
      CHECK,
      `the cluster has no node ${nodeName}: every pod would be somebody else's; it knows ${known}`,
      near === undefined ? "set NODENAME to this node's name" : `set NODENAME; did you mean ${near}?`,
    );
  }
  if (own.podCidrs.length > 0)
    return ok(
      CHECK,
      `${nodeName} is ${nodes.value.length === 1 ? "the only node" : `one of ${nodes.value.length} nodes`}; its pods come from ${own.podCidrs.join(", ")}`,
    );
  const mend =
    "start kube-controller-manager with --allocate-node-cidrs=true and --cluster-cidr, or have the cloud's controller assign one";
  return manageCni
    ? failed(CHECK, `${nodeName} has no pod CIDR (spec.podCIDRs): its pods get no address`, mend)
    : warning(
        CHECK,
        `${nodeName} has no pod CIDR (spec.podCIDRs): addresses that no pod has are not closed`,
        `${mend}; or leave it to a plugin that assigns addresses itself`,
      );
}
