import { readFileSync } from "node:fs";
import { TABLE } from "../dataplane/nft/names.ts";
import { NetlinkWriter } from "../dataplane/nft/netlink-writer.ts";
import { ROUTE_PROTOCOL } from "../dataplane/route/route-protocol.ts";
import { runPaths } from "../handshake/run-paths.ts";
import { addressOfBytes } from "../model/address.ts";
import { SystemCallError } from "../native/system-call-error.ts";
import type { RouteMessage } from "../native/route-message.ts";
import { Rtnetlink } from "../native/rtnetlink.ts";
import type { Trace } from "./trace.ts";

/** State of a listening socket in /proc/net/unix: its flags. */
const LISTENING = "00010000";

function isListening(socket: string): boolean {
  return readFileSync("/proc/thread-self/net/unix", "utf8")
    .split("\n")
    .some((line) => line.endsWith(` ${socket}`) && line.split(/\s+/)[3] === LISTENING);
}

/** By what the agent is known to live, in the network namespace of the calling thread; undefined: it does not. Throws SystemCallError. */
export function livingAgent(runDirectory: string): string | undefined {
  using writer = new NetlinkWriter();
  if (writer.tableNames(TABLE)?.ownership === "owned") return `it owns nftables table inet ${TABLE}`;
  const { socket } = runPaths(runDirectory);
  return isListening(socket) ? `it listens on ${socket}` : undefined;
}

function deleteTable(): void {
  using writer = new NetlinkWriter();
  const result = writer.apply({ nftables: [{ delete: { table: { family: "inet", name: TABLE } } }] });
  if (result.ok) return;
  const [failure] = result.failures;
  if (failure?.code !== "ENOENT") throw new Error(`${failure?.message} (${failure?.code})`);
}

/** Throws SystemCallError. */
export function tableTraces(): Trace[] {
  using writer = new NetlinkWriter();
  if (writer.tableNames(TABLE) === undefined) return [];
  return [{ what: `nftables table inet ${TABLE}`, remove: deleteTable }];
}

function deleteRoute({ destination, prefixLength, table, nextHops }: RouteMessage): void {
  const [hop] = nextHops;
  if (hop === undefined || nextHops.length > 1) {
    throw new Error(
      `it is of a kind that is not known here; run ip route flush proto ${ROUTE_PROTOCOL} table all`,
    );
  }
  using network = new Rtnetlink();
  const { interface: link, gatewayAddress: gateway } = hop;
  const route = { destination, prefixLength, link, protocol: ROUTE_PROTOCOL, table };
  try {
    network.change({
      kind: "deleteRoute",
      route: { ...route, ...(gateway !== undefined && { gateway }) },
    });
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== "ESRCH") throw error;
  }
}

/** Routes that carry our number, in all tables. Throws SystemCallError. */
export function routeTraces(): Trace[] {
  using network = new Rtnetlink();
  const routes = ([4, 6] as const).flatMap((family) => network.routes({ family, protocol: ROUTE_PROTOCOL }));
  return routes.map((route): Trace => {
    const names = route.nextHops.map(({ interface: index }) => network.link({ index })?.name ?? `${index}`);
    const by = names.length === 0 ? "" : ` by ${names.join(", ")}`;
    return {
      what: `route to ${addressOfBytes(route.destination)}/${route.prefixLength}${by}`,
      remove: () => deleteRoute(route),
    };
  });
}
