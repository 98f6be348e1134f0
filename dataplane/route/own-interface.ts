import { type Address, addressFamily, type Family } from "../../model/address.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Link } from "../../native/link-message.ts";
import type { HostRoute, HostView } from "./host-view.ts";

/**
 * Kinds of links that have one endpoint at their other end. An interface that is taken for an endpoint's own lets
 * nobody else's packets in: no hardware, no tunnel and no bridge may ever be.
 */
const ENDS_AT_ONE: ReadonlySet<string> = new Set(["veth", "netkit", "tun"]);

/** A bridge that packets of an endpoint pass. */
export interface BridgePath {
  readonly name: string;
  readonly family: Family;
  /** The bridge's own switches: its packets meet the hooks of that family, whatever the host's sysctl says. */
  readonly callsHooks: Link["callsHooks"];
}

/** How the host reaches an endpoint. */
export interface Reach {
  /** The interface that a host route names for each of the addresses. */
  readonly via: InterfaceName | undefined;
  /**
   * The first interface on the way to an address, without a gateway between, that is a bridge or has endpoints at its other
   * end: what those share who do not agree on one of their own.
   */
  readonly through: InterfaceName | undefined;
  readonly bridges: readonly BridgePath[];
}

export const UNREACHED: Reach = { via: undefined, through: undefined, bridges: [] };

/** A gateway's bridge is the node's way to the world; what takes it has no route of its own, or none yet. */
function bridgePath({ direct, link }: HostRoute, family: Family): BridgePath | undefined {
  if (!direct || link?.kind !== "bridge") return undefined;
  return { name: link.name, family, callsHooks: link.callsHooks };
}

function ownInterface({ prefixLength, direct, link }: HostRoute, family: Family): InterfaceName | undefined {
  if (!direct || link === undefined || prefixLength !== (family === 4 ? 32 : 128)) return undefined;
  const single = ENDS_AT_ONE.has(link.kind) && link.master === undefined;
  return single ? (link.name as InterfaceName) : undefined;
}

/** Looks at the routes to all addresses of one endpoint. Throws as `routeOf` does. */
export function reachOf(addresses: readonly Address[], { routeOf }: HostView): Reach {
  const bridges: BridgePath[] = [];
  const names = new Set<InterfaceName | undefined>();
  let through: InterfaceName | undefined;
  for (const address of addresses) {
    const family = addressFamily(address);
    const route = routeOf(address);
    const own = route && ownInterface(route, family);
    const bridge = route && bridgePath(route, family);
    names.add(own);
    through ??= own ?? (bridge?.name as InterfaceName | undefined);
    if (bridge !== undefined) bridges.push(bridge);
  }
  const [via] = names;
  return { via: names.size === 1 ? via : undefined, through, bridges };
}
