import { type Cidr, parseCidr } from "../../model/cidr.ts";
import { addressOfBytes } from "../../model/address.ts";
import type { Node } from "../../model/node.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import type { NetworkFacts } from "../facts/kernel-facts.ts";
import { failed, type Finding, notKnown, ok, warning } from "../finding.ts";
import type { Known } from "../known.ts";
import { counted, someOf } from "../some-of.ts";

const CHECK = "routes";

/** A routing table by destination: thousands of nodes each have an entry, and each is looked up. */
interface Table {
  readonly entries: ReadonlyMap<Cidr, RouteMessage>;
  /** All that entries have, the narrowest block first. */
  readonly prefixLengths: readonly number[];
}

function tableOf(routes: readonly RouteMessage[]): Table {
  const entries = new Map<Cidr, RouteMessage>();
  for (const route of routes) {
    const block = parseCidr(`${addressOfBytes(route.destination)}/${route.prefixLength}`);
    // Of several to one destination the kernel tells the preferred one first.
    if (block !== undefined && !entries.has(block)) entries.set(block, route);
  }
  const lengths = new Set(routes.map(({ prefixLength }) => prefixLength));
  return { entries, prefixLengths: [...lengths].toSorted((a, b) => b - a) };
}

/** The entry that holds the whole block and is the narrowest to do so. */
function routeTo(cidr: Cidr, { entries, prefixLengths }: Table): RouteMessage | undefined {
  const [address = "", own = ""] = cidr.split("/");
  for (const length of prefixLengths) {
    const block = length <= Number(own) ? parseCidr(`${address}/${length}`) : undefined;
    const route = block && entries.get(block);
    if (route !== undefined) return route;
  }
  return undefined;
}

type Kind = "route" | "default" | "none";

function kindOf(route: RouteMessage | undefined): Kind {
  if (route === undefined || !route.unicast) return "none";
  return route.prefixLength === 0 ? "default" : "route";
}

interface Range {
  readonly name: string;
  readonly kind: Kind;
  readonly by: string;
}

function named(ranges: readonly Range[], kind: Kind): string[] {
  return ranges.filter((range) => range.kind === kind).map(({ name }) => name);
}

/** Whether packets for the pods of every other node leave by a route that knows them. */
export function checkRoutes(
  nodes: Known<readonly Node[]>,
  nodeName: string,
  network: Known<NetworkFacts>,
): Finding {
  if (!nodes.known) return notKnown(CHECK, nodes.because);
  if (!network.known) return notKnown(CHECK, network.because);
  const { routes, links } = network.value;
  const table = tableOf(routes);
  const others = nodes.value.filter(({ name }) => name !== nodeName);
  const ranges = others.flatMap(({ name, podCidrs }) =>
    podCidrs.map((cidr): Range => {
      const route = routeTo(cidr, table);
      const index = route?.nextHops[0]?.interface ?? 0;
      return { name: `${cidr} (${name})`, kind: kindOf(route), by: links.get(index)?.name ?? "" };
    }),
  );
  if (others.length === 0) return ok(CHECK, "no other node, so none is needed");
  if (ranges.length === 0) return notKnown(CHECK, "no other node has a pod CIDR yet");
  const none = named(ranges, "none");
  if (none.length > 0) {
    return failed(
      CHECK,
      `no route leads to the pods in ${someOf(none)}`,
      "run flannel (tortie-flannel.yaml), have the cloud's controller make routes, or add one to each node's range by its address",
    );
  }
  const byDefault = named(ranges, "default");
  const uplink = ranges.find(({ kind }) => kind === "default")?.by ?? "";
  if (byDefault.length > 0) {
    return warning(
      CHECK,
      `by the default route (${uplink}) go packets to the pods in ${someOf(byDefault)}: right where the cloud or the router knows these ranges`,
      "where it does not, run flannel (tortie-flannel.yaml), or add a route to each node's range by its address",
    );
  }
  const by = [...new Set(ranges.map((range) => range.by))];
  return ok(
    CHECK,
    `to the pods of ${others.length === 1 ? "the other node" : `all ${counted(others.length, "other node")}`} by ${someOf(by)}`,
  );
}
