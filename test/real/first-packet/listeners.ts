import type { Address } from "../../../model/address.ts";
import { ICMP, ICMPV6 } from "../../../model/protocol.ts";
import type { NetworkNamespace } from "../../../native/network-namespace.ts";
import { ProbeSocket } from "../../../native/probe-socket.ts";
import { socketAddress } from "../../../demo/lab/place.ts";

/** Programs that listen in a place: the second witness, after the kernel's counters. It hears no SYN. */
export interface Listeners extends Disposable {
  /** What arrived since, by mark. There may have been more: sockets are only so large. */
  heard(): ReadonlyMap<number, number>;
}

const ANYWHERE4 = "0.0.0.0" as Address;
const ANYWHERE6 = "::" as Address;

/** The identifier of an echo request. */
function echoMark(bytes: Uint8Array, protocol: number): number | undefined {
  const at = protocol === ICMP ? ((bytes[0] ?? 0) & 15) * 4 : 0;
  if (bytes.length < at + 6 || bytes[at] !== (protocol === ICMP ? 8 : 128)) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(at + 4);
}

export function listenAt(network: NetworkNamespace, marks: readonly number[]): Listeners {
  const sockets = new DisposableStack();
  const open = (make: () => ProbeSocket): ProbeSocket => sockets.use(network.run(make));
  // A socket of IPv6 hears both families.
  const udp = marks.map((mark) => ({
    mark,
    socket: open(() => ProbeSocket.bindUdp(socketAddress(ANYWHERE6, mark))),
  }));
  const icmp = [ANYWHERE4, ANYWHERE6].map((address, at) => {
    const protocol = at === 0 ? ICMP : ICMPV6;
    return { protocol, socket: open(() => ProbeSocket.receiveRaw(socketAddress(address, 0), protocol)) };
  });
  return {
    heard: () => {
      const counts = new Map(marks.map((mark) => [mark, 0]));
      const count = (mark: number | undefined): void => {
        const before = mark === undefined ? undefined : counts.get(mark);
        if (mark !== undefined && before !== undefined) counts.set(mark, before + 1);
      };
      for (const { mark, socket } of udp) while (socket.receive() !== undefined) count(mark);
      for (const { protocol, socket } of icmp) {
        for (let got = socket.receive(); got !== undefined; got = socket.receive())
          count(echoMark(got.bytes, protocol));
      }
      return counts;
    },
    [Symbol.dispose]: () => sockets[Symbol.dispose](),
  };
}
