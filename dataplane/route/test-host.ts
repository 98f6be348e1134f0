import type { Address } from "../../model/address.ts";
import { type Endpoint, endpointId } from "../../model/endpoint.ts";
import type { Update } from "../../model/update.ts";
import type { Link } from "../../native/link-message.ts";
import type { HostRoute, HostView } from "./host-view.ts";

/** A host whose routes a test writes down. */
export interface TestHost extends HostView {
  readonly routes: Map<string, HostRoute>;
  /** How often it was asked. */
  asked: number;
}

export function testHost(routes: Readonly<Record<string, HostRoute>> = {}): TestHost {
  const host: TestHost = {
    routes: new Map(Object.entries(routes)),
    asked: 0,
    routeOf: (address) => {
      host.asked++;
      return host.routes.get(address);
    },
  };
  return host;
}

export function link(name: string, changes: Partial<Link> = {}): Link {
  return {
    index: 7,
    name,
    kind: "veth",
    master: undefined,
    alias: "",
    mtu: 1500,
    macAddress: "ee:ee:ee:ee:ee:ee",
    up: true,
    operational: true,
    peer: undefined,
    callsHooks: { ipv4: false, ipv6: false },
    ...changes,
  };
}

/** As `ptp` and Calico do it: an entry for this address alone. */
export function hostRoute(name: string, family: 4 | 6 = 4): HostRoute {
  return { prefixLength: family === 4 ? 32 : 128, direct: true, link: link(name) };
}

/** As `bridge` does it: the bridge has an address of the pods' network. */
export function bridgeRoute(name: string, callsHooks: Link["callsHooks"] = NO_HOOKS): HostRoute {
  return { prefixLength: 24, direct: true, link: link(name, { kind: "bridge", callsHooks }) };
}

const NO_HOOKS = { ipv4: false, ipv6: false };

/** A pod of this node as the datastore has it; `addresses` are separated by spaces. */
export function pod(name: string, addresses: string, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    id: endpointId("shop", name),
    namespace: "shop",
    uidOrder: 0,
    labels: {},
    addresses: addresses === "" ? [] : (addresses.split(" ") as Address[]),
    ports: [],
    attachment: { kind: "address" },
    finished: false,
    deleting: false,
    startedAt: 1,
    ...changes,
  };
}

export function put(endpoint: Endpoint): Update {
  return { kind: "endpoint", id: endpoint.id, value: endpoint };
}

export function remove(name: string): Update {
  return { kind: "endpoint", id: endpointId("shop", name), value: undefined };
}
