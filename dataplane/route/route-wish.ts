import type { Address } from "../../model/address.ts";
import type { Attachment, EndpointId } from "../../model/endpoint.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";

/** What is known of an endpoint of this node here: a part of EndpointRules. */
export interface LocalEndpoint {
  readonly attachment: Attachment;
  readonly addresses: readonly Address[];
}

export type LocalEndpoints = ReadonlyMap<EndpointId, LocalEndpoint>;

/** Where one address is to lead. */
export interface WishedRoute {
  readonly endpoint: EndpointId;
  readonly interface: InterfaceName;
}

/** Which address of this node's endpoints is to lead to which interface. */
export interface RouteWish {
  /**
   * The endpoints as they are now; only those of `touched` may be others than before, undefined: any. Gives the
   * addresses that are to lead elsewhere than before, and what was wished before.
   */
  take(
    endpoints: LocalEndpoints,
    touched: ReadonlySet<EndpointId> | undefined,
  ): ReadonlyMap<Address, WishedRoute | undefined>;
  get(address: Address): WishedRoute | undefined;
  addresses(): Iterable<Address>;
  addressesOf(name: string): Iterable<Address>;
}

interface Known {
  readonly interface: InterfaceName;
  readonly addresses: readonly Address[];
}

function known(endpoint: LocalEndpoint | undefined): Known | undefined {
  if (endpoint?.attachment.kind !== "interface") return undefined;
  return { interface: endpoint.attachment.name, addresses: endpoint.addresses };
}

function same(a: Known | undefined, b: Known | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.interface !== b.interface || a.addresses.length !== b.addresses.length) return false;
  return a.addresses.every((address, at) => address === b.addresses[at]);
}

export function createRouteWish(): RouteWish {
  const endpoints = new Map<EndpointId, Known>();
  const routes = new Map<Address, WishedRoute>();
  const byInterface = new Map<string, Set<Address>>();

  function remove(address: Address): void {
    const route = routes.get(address);
    if (route === undefined) return;
    routes.delete(address);
    const others = byInterface.get(route.interface);
    others?.delete(address);
    if (others?.size === 0) byInterface.delete(route.interface);
  }

  function put(address: Address, route: WishedRoute): void {
    remove(address);
    routes.set(address, route);
    const others = byInterface.get(route.interface) ?? new Set();
    byInterface.set(route.interface, others.add(address));
  }

  return {
    take(now, touched) {
      const changed: { readonly id: EndpointId; readonly before?: Known; readonly after?: Known }[] = [];
      for (const id of touched ?? new Set([...endpoints.keys(), ...now.keys()])) {
        const before = endpoints.get(id);
        const after = known(now.get(id));
        if (same(before, after)) continue;
        changed.push({ id, ...(before && { before }), ...(after && { after }) });
      }
      const previous = new Map<Address, WishedRoute | undefined>();
      // All that leave first: an address may pass from one to the next.
      for (const { id, before } of changed) {
        endpoints.delete(id);
        for (const address of before?.addresses ?? []) {
          if (routes.get(address)?.endpoint !== id) continue;
          previous.set(address, routes.get(address));
          remove(address);
        }
      }
      for (const { id, after } of changed) {
        if (after === undefined) continue;
        endpoints.set(id, after);
        for (const address of after.addresses) {
          if (!previous.has(address)) previous.set(address, routes.get(address));
          put(address, { endpoint: id, interface: after.interface });
        }
      }
      return previous;
    },
    get: (address) => routes.get(address),
    addresses: () => routes.keys(),
    addressesOf: (name) => byInterface.get(name) ?? [],
  };
}
