import { randomFillSync } from "node:crypto";
import { addressFamily } from "../../model/address.ts";
import { hasPorts, TCP } from "../../model/protocol.ts";
import { ProbeSocket, type Waiting } from "../../native/probe-socket.ts";
import { type Ears, tokenText } from "./ears.ts";
import type { ResolvedFlow } from "./flow.ts";
import { packetBytes } from "./packet.ts";
import { socketAddress } from "./place.ts";
import type { SourcePorts } from "./source-ports.ts";

/** One packet on its way. */
export interface Attempt {
  /** Tells by itself that the answer came; undefined: an ear tells. */
  readonly waiting: (Waiting & { answered(): boolean }) | undefined;
  /** What an ear hears of it. */
  readonly token: string;
  /** Set once it came through. */
  arrived: boolean;
  /** Nothing more will come. */
  ended: boolean;
}

function newToken(): Uint8Array {
  return randomFillSync(new Uint8Array(4));
}

function connecting(flow: ResolvedFlow, ports: SourcePorts): Attempt {
  const to = socketAddress(flow.destination, flow.port);
  const socket = ports.open(flow.from, (port) =>
    ProbeSocket.connectTcp(socketAddress(flow.source, port), to),
  );
  // A reset is an answer too: tortie drops and never rejects, so the packet got there.
  const answered = (): boolean => socket.connectOutcome() !== "failed";
  return { waiting: { socket, until: "writable", answered }, token: "", arrived: false, ended: false };
}

function echoing(flow: ResolvedFlow, ports: SourcePorts): Attempt {
  const socket = ports.open(flow.from, (port) => ProbeSocket.bindUdp(socketAddress(flow.source, port)));
  const token = newToken();
  const answered = (): boolean => socket.receive()?.bytes.length === token.length;
  const sent = socket.send(token, socketAddress(flow.destination, flow.port));
  return { waiting: { socket, until: "readable", answered }, token: "", arrived: false, ended: !sent };
}

/** Sends one packet made by hand, in the namespace that the thread is in, and gives the token that ears hear of it. */
export function sendHandMade(flow: ResolvedFlow, ports: SourcePorts): string {
  const token = newToken();
  const sourcePort = ports.take(flow.from);
  using socket = ProbeSocket.sendRaw(addressFamily(flow.source));
  const { source, destination, protocol, port } = flow;
  const packet = packetBytes({ source, destination, protocol, sourcePort, port, token });
  socket.send(packet, socketAddress(flow.destination, 0));
  return tokenText(token);
}

/** Where and how a packet made by hand is heard: an honest ping by its answer, anything else by its arrival. */
export function listenFor(ears: Ears, flow: ResolvedFlow): void {
  if (!flow.handMade) return;
  const { from, to, source, destination, protocol, forged } = flow;
  if (!hasPorts(protocol) && !forged) ears.ensure(from, source, protocol, "echoReply");
  else ears.ensure(to, destination, protocol, "arrival");
}

/** Sends the flow's first packet, in the namespace that the thread is in. */
export function startAttempt(flow: ResolvedFlow, ports: SourcePorts): Attempt {
  if (flow.handMade)
    return { waiting: undefined, token: sendHandMade(flow, ports), arrived: false, ended: false };
  return flow.protocol === TCP ? connecting(flow, ports) : echoing(flow, ports);
}
