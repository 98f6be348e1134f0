import type { NetworkNamespace } from "../../native/network-namespace.ts";

/** Ports of 127.0.0.1 that were free a moment ago. */
export function freePorts(count: number, network: NetworkNamespace | undefined): number[] {
  const listen = () => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const taken = Array.from({ length: count }, () => (network === undefined ? listen() : network.run(listen)));
  const ports = taken.map(({ port }) => port);
  for (const listener of taken) listener.stop(true);
  return ports;
}
