import { type Address, addressFamily } from "../../model/address.ts";
import { MAIN_TABLE } from "../../native/route-dump.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import type { HostCondition } from "../preflight/condition.ts";
import type { WishedRoute } from "./route-wish.ts";

/** Names of protocols that iproute2 knows, of those that may be met. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [2, "kernel"],
  [3, "boot"],
  [4, "static"],
  [9, "ra"],
  [11, "zebra"],
  [12, "bird"],
  [16, "dhcp"],
  [84, "ovn"],
  [116, "tortie"],
  [186, "bgp"],
  [187, "isis"],
  [188, "ospf"],
]);

/** An address that cannot be made to lead to its pod. */
export interface HeldRoute {
  readonly wished: WishedRoute;
  /** What stands in its place, or the kernel's words. */
  readonly because: string;
  readonly next: string;
}

function protocolText(protocol: number): string {
  const name = PROTOCOLS.get(protocol);
  return name === undefined ? `protocol ${protocol}` : `protocol ${name} (${protocol})`;
}

/** `names`: of interfaces, by number. `route` undefined: the kernel drops packets to the address. */
export function heldBy(
  address: Address,
  wished: WishedRoute,
  route: RouteMessage | undefined,
  names: (index: number) => string,
): HeldRoute {
  const command = addressFamily(address) === 4 ? "ip route" : "ip -6 route";
  if (route === undefined) {
    const next = `it is left alone, so see what drops its packets (${command} get ${address}; ip rule)`;
    return { wished, because: "another route or a rule for routes drops packets to it", next };
  }
  if (!route.unicast) {
    const next =
      "it is left alone, so take the address from the node, or the route away that drops it, or give the pod another one";
    return { wished, because: "the node itself has that address, or drops its packets", next };
  }
  const hops = route.nextHops.map((hop) => names(hop.interface)).join(", ");
  const table = route.table === MAIN_TABLE ? "" : ` in table ${route.table}`;
  const because = `a route of ${protocolText(route.protocol)} by interface ${hops}${table} leads there`;
  const remove =
    route.table === MAIN_TABLE ? `${command} del ${address}` : `${command} show table ${route.table}`;
  return { wished, because, next: `it is left alone, so see who made that route and remove it (${remove})` };
}

/** One condition for each reason, naming the first address and its pod. */
export function heldConditions(held: ReadonlyMap<Address, HeldRoute>): HostCondition[] {
  // By address, so that the same routes give the same words.
  const sorted = [...held].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const byReason = Map.groupBy(sorted, ([, { because }]) => because);
  return [...byReason].map(([because, [first, ...others]]): HostCondition => {
    const [address, { wished, next }] = first as [Address, HeldRoute];
    const more = others.length === 0 ? "" : `, and ${others.length} more like it`;
    return {
      kind: "notice",
      text:
        `packets to ${address} do not reach pod ${wished.endpoint} by its interface ${wished.interface}${more}: ` +
        `${because}; ${next}`,
    };
  });
}
