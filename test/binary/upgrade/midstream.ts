import { packetBytes, type PacketPlan } from "../../../demo/lab/packet.ts";
import { addressBytes, addressFamily } from "../../../model/address.ts";
import { TCP } from "../../../model/protocol.ts";
import { ProbeSocket } from "../../../native/probe-socket.ts";
import type { Place } from "../../../demo/lab/lab.ts";

const EVERY_MILLISECONDS = 2;
const FIRST_SOURCE_PORT = 10_000;
const SOURCE_PORTS = 200;
const SYN = 0x02;
const ACK = 0x10;

/** A TCP packet as from the middle of a connection: the bare SYN of the lab with another flag (RFC 1624 for its checksum). */
function midstreamPacket(plan: PacketPlan): Uint8Array {
  const packet = packetBytes(plan);
  const view = new DataView(packet.buffer);
  const segment = addressFamily(plan.source) === 4 ? 20 : 40;
  view.setUint8(segment + 13, ACK);
  const sum = (~view.getUint16(segment + 16) & 0xffff) + (ACK - SYN);
  view.setUint16(segment + 16, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
  return packet;
}

/**
 * Packets of connections that nobody saw begin, without pause: as of one that is older than the rules, or of one whose entry
 * conntrack lost.
 */
export function startMidstream(
  place: Place,
  flows: readonly Pick<PacketPlan, "source" | "destination" | "port">[],
): Disposable {
  const stack = new DisposableStack();
  const senders = flows.map((flow) => {
    const packets = Array.from({ length: SOURCE_PORTS }, (_, at) =>
      midstreamPacket({
        ...flow,
        protocol: TCP,
        sourcePort: FIRST_SOURCE_PORT + at,
        token: Uint8Array.of(1, 2, 3, 4),
      }),
    );
    const to = { address: addressBytes(flow.destination), port: 0 };
    const socket = stack.use(place.network.run(() => ProbeSocket.sendRaw(addressFamily(flow.destination))));
    return (turn: number): void => void socket.send(packets[turn % SOURCE_PORTS] ?? new Uint8Array(), to);
  });
  let turn = 0;
  const timer = setInterval(() => {
    turn++;
    for (const send of senders) send(turn);
  }, EVERY_MILLISECONDS);
  stack.defer(() => clearInterval(timer));
  return stack;
}
