import * as fc from "fast-check";
import type { Address } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import { type Endpoint, endpointId, type Namespace } from "../../model/endpoint.ts";
import { type InterfaceName, podInterfaceName } from "../../model/fingerprint.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import type { Labels } from "../../model/labels.ts";
import type { Node } from "../../model/node.ts";
import { TCP, UDP } from "../../model/protocol.ts";
import type { ClusterState, Update } from "../../model/update.ts";
import { arbitraryPolicy } from "./random-policy.ts";
import { LABEL_KEYS, LABEL_VALUES, NAMESPACES, POLICIES, PORT_NAMES } from "./vocabulary.ts";

// Fewer addresses than pods: claims collide all the time.
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1", "fd00::1", "fd00::2"] as Address[];
const PODS = ["p0", "p1", "p2", "p3"];

const labels: fc.Arbitrary<Labels> = fc.dictionary(
  fc.constantFrom(...LABEL_KEYS),
  fc.constantFrom(...LABEL_VALUES),
  { maxKeys: 2, noNullPrototype: true },
);

const namespace: fc.Arbitrary<Namespace> = fc
  .record({ name: fc.constantFrom(...NAMESPACES), labels, unreadable: fc.nat({ max: 6 }) })
  .map(({ unreadable, ...known }) => (unreadable === 0 ? { ...known, unreadable: true } : known));

const endpoint: fc.Arbitrary<Endpoint> = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...PODS),
    uidOrder: fc.nat({ max: 2 }),
    labels,
    addresses: fc.uniqueArray(fc.constantFrom(...ADDRESSES), { maxLength: 2 }),
    ports: fc.array(
      fc.record({
        name: fc.constantFrom(...PORT_NAMES),
        protocol: fc.constantFrom(TCP, UDP),
        port: fc.constantFrom(80, 81, 8080),
      }),
      { maxLength: 3 },
    ),
    here: fc.constantFrom("interface", "address", undefined),
    finished: fc.nat({ max: 7 }).map((one) => one === 0),
    deleting: fc.nat({ max: 4 }).map((one) => one === 0),
    startedAt: fc.constantFrom(0, 1, 2),
  })
  .map(({ here, ...known }): Endpoint => {
    const name: InterfaceName = podInterfaceName(known.namespace, known.name);
    const attachment =
      here === "interface" ? ({ kind: here, name } as const) : here && ({ kind: here } as const);
    return { ...known, id: endpointId(known.namespace, known.name), attachment };
  });

/** Late, or another than before, its ranges decide nothing but what is closed. */
const node = fc
  .subarray(["10.0.0.0/24", "10.0.0.128/25", "10.1.0.0/24", "fd00::/64"] as Cidr[])
  .map((podCidrs): Node => ({ name: "here", podCidrs }));

/** They overlap, lie in each other and touch. */
const pool: fc.Arbitrary<IpPool> = fc.record({
  cidr: fc.constantFrom(
    ...(["10.0.0.0/15", "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "fd00::/64", "fd00::/48"] as Cidr[]),
  ),
  natOutgoing: fc.boolean(),
});

const change: fc.Arbitrary<Update> = fc.oneof(
  {
    weight: 1,
    arbitrary: namespace.map((value): Update => ({ kind: "namespace", name: value.name, value })),
  },
  { weight: 4, arbitrary: endpoint.map((value): Update => ({ kind: "endpoint", id: value.id, value })) },
  { weight: 1, arbitrary: node.map((value): Update => ({ kind: "node", name: value.name, value })) },
  { weight: 1, arbitrary: pool.map((value): Update => ({ kind: "pool", cidr: value.cidr, value })) },
  { weight: 3, arbitrary: arbitraryPolicy.map((value): Update => ({ kind: "policy", id: value.id, value })) },
);

/** One object's new value, or its removal. */
export const arbitraryUpdate: fc.Arbitrary<Update> = fc
  .tuple(change, fc.nat({ max: 5 }))
  .map(([update, gone]) => (gone === 0 ? { ...update, value: undefined } : update));

/** A whole state of a few namespaces, up to a dozen endpoints, a handful of policies and maybe this node. */
export const arbitraryState: fc.Arbitrary<ClusterState> = fc
  .record({
    namespaces: fc.uniqueArray(namespace, { maxLength: NAMESPACES.length, selector: ({ name }) => name }),
    endpoints: fc.uniqueArray(endpoint, { maxLength: 10, selector: ({ id }) => id }),
    nodes: fc.uniqueArray(node, { maxLength: 1, selector: ({ name }) => name }),
    pools: fc.uniqueArray(pool, { maxLength: 3, selector: ({ cidr }) => cidr }),
    policies: fc.uniqueArray(arbitraryPolicy, { maxLength: POLICIES.length, selector: ({ id }) => id }),
  })
  .map(({ namespaces, endpoints, policies, nodes, pools }) => ({
    namespaces: new Map(namespaces.map((one) => [one.name, one])),
    endpoints: new Map(endpoints.map((one) => [one.id, one])),
    policies: new Map(policies.map((one) => [one.id, one])),
    nodes: new Map(nodes.map((one) => [one.name, one])),
    pools: new Map(pools.map((one) => [one.cidr, one])),
  }));
