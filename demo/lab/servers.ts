import type { Address } from "../../model/address.ts";
import { TCP } from "../../model/protocol.ts";
import { ProbeSocket, type Waiting } from "../../native/probe-socket.ts";
import type { ResolvedFlow } from "./flow.ts";
import { socketAddress } from "./place.ts";

export interface Server extends Waiting {
  /** Does what there is to do: accepts connections, echoes datagrams. */
  readonly serve: () => void;
}

function serverAt(address: Address, port: number, isTcp: boolean): Server {
  const at = socketAddress(address, port);
  const socket = isTcp ? ProbeSocket.listenTcp(at) : ProbeSocket.bindUdp(at);
  const echo = (): void => {
    for (let got = socket.receive(); got !== undefined; got = socket.receive())
      socket.send(got.bytes, got.from);
  };
  return { socket, until: "readable", serve: () => (isTcp ? socket.drain() : echo()) };
}

/** TCP and UDP servers, opened where the first probe wants one and kept. */
export class Servers {
  readonly #servers = new Map<string, Server>();

  /** One that answers the flow, unless the flow is only watched for arrival. */
  ensure({ to, destination, port, protocol, handMade }: ResolvedFlow): void {
    if (handMade) return;
    const key = `${to.key} ${destination} ${protocol} ${port}`;
    if (this.#servers.has(key)) return;
    this.#servers.set(
      key,
      to.network.run(() => serverAt(destination, port, protocol === TCP)),
    );
  }

  get all(): Server[] {
    return [...this.#servers.values()];
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#servers.values()) socket[Symbol.dispose]();
    this.#servers.clear();
  }
}
