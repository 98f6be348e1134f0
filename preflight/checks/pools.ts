import type { Condition } from "../../adapters/datastore.ts";
import { type Cidr, cidrFamily, cidrRange } from "../../model/cidr.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import type { Node } from "../../model/node.ts";
import { failed, type Finding, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";
import { counted, someOf } from "../some-of.ts";

const CHECK = "pools";

export interface PoolFacts {
  readonly pools: readonly IpPool[];
  readonly conditions: readonly Condition[];
  readonly flannelNetworks: readonly Cidr[];
  /** Unknown also where no cluster is asked. */
  readonly nodes: Known<readonly Node[]>;
  readonly manageCni: boolean;
}

function isInside(inner: Cidr, outers: readonly Cidr[]): boolean {
  const small = cidrRange(inner);
  return outers
    .map(cidrRange)
    .some(({ family, first, last }) => family === small.family && first <= small.first && small.last <= last);
}

function outside(nodes: readonly Node[], blocks: readonly Cidr[]): string[] {
  return nodes.flatMap(({ name, podCidrs }) =>
    podCidrs.filter((cidr) => !isInside(cidr, blocks)).map((cidr) => `${cidr} (${name})`),
  );
}

const SET =
  "set CALICO_IPV4POOL_CIDR, CALICO_IPV6POOL_CIDR or ippool.yaml to the cluster CIDR (--cluster-cidr)";

/** Pools, the ranges of all nodes, and flannel's network must be about the same addresses. */
export function checkPools({ pools, conditions, flannelNetworks, nodes, manageCni }: PoolFacts): Finding[] {
  const notices = conditions.map(({ text }) => warning(CHECK, text, "see docs/config.md, Pools"));
  const all = nodes.known ? nodes.value : [];
  const ranges = all.flatMap(({ podCidrs }) => podCidrs);
  const strayed = flannelNetworks.length === 0 ? [] : outside(all, flannelNetworks);
  if (strayed.length > 0) {
    notices.push(
      failed(
        "flannel",
        `its network ${flannelNetworks.join(", ")} does not hold ${someOf(strayed)}: these pods are not reached`,
        "give kube-flannel's ConfigMap (net-conf.json) the cluster CIDR",
      ),
    );
  } else if (flannelNetworks.length > 0 && all.length > 0) {
    notices.push(ok("flannel", `its network ${flannelNetworks.join(", ")} holds the ranges of all nodes`));
  }
  const blocks = pools.map(({ cidr }) => cidr);
  if (blocks.length === 0) {
    const found = "no pool is set: what pods send out of the cluster keeps their own addresses";
    return [
      ...notices,
      manageCni
        ? warning(CHECK, found, `${SET}; or leave it so where the network translates`)
        : ok(CHECK, `${found}, unless their plugin translates`),
    ];
  }
  const masked = pools.filter(({ natOutgoing }) => natOutgoing).length;
  const found = `${blocks.join(", ")}${masked > 0 ? ", masqueraded to outside" : ""}`;
  if (ranges.length === 0) return [...notices, ok(CHECK, found)];
  const families = new Set(blocks.map(cidrFamily));
  const judged = all.map((node) => ({
    ...node,
    podCidrs: node.podCidrs.filter((cidr) => families.has(cidrFamily(cidr))),
  }));
  const missed = outside(judged, blocks);
  if (missed.length === 0)
    return [
      ...notices,
      ok(
        CHECK,
        `${found}; ${all.length === 1 ? "the node's range lies" : `the ranges of all ${counted(all.length, "node")} lie`} in there`,
      ),
    ];
  return [
    ...notices,
    failed(
      CHECK,
      `${found}; outside of that: ${someOf(missed)}: packets between nodes would be masqueraded, and policies miss their senders`,
      SET,
    ),
  ];
}
