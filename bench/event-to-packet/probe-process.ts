// A process of its own: `bun probe-process.ts ROUTES`. For each line on standard input it sends packets over a route, each a new
// flow, until they fare as the line says, and tells on standard output when that began.
import { writeSync } from "node:fs";
import { setPriority } from "node:os";
import { packetBytes } from "../../demo/lab/packet.ts";
import { socketAddress } from "../../demo/lab/place.ts";
import type { Address } from "../../model/address.ts";
import { UDP } from "../../model/protocol.ts";
import { monotonicMilliseconds, sleepMicroseconds } from "../../native/monotonic-clock.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ProbeSocket } from "../../native/probe-socket.ts";
import { eachLine } from "../each-line.ts";
import { CONFIRMED_BY, type Probe, type Turn, turnOf } from "./probe-log.ts";

/** Between a namespace that sends and one that receives; both by their paths. IPv4. */
export interface ProbeRoute {
  readonly from: string;
  readonly to: string;
  readonly destination: Address;
  readonly port: number;
}

export type ProbeRoutes = Readonly<Record<string, ProbeRoute>>;

export interface ProbeQuestion {
  readonly route: string;
  /** The address that the packets come from: a host behind the sender may have many. */
  readonly source: Address;
  readonly arrives: boolean;
  /** Milliseconds. */
  readonly limit: number;
}

/** `begun` comes once packets were seen to fare the other way, the rest when they have changed or the time is up. */
export type ProbeAnswer =
  | { readonly kind: "begun" }
  | { readonly kind: "turned"; readonly turn: Turn; readonly packets: number }
  | { readonly kind: "unturned"; readonly found: string };

const PAUSE_MICROSECONDS = 200;
/** A packet that is not here after it, on a machine that goes on taking packets, was dropped. */
const LAST_WAIT_MICROSECONDS = 2_000;
const BEGUN_AFTER = 3;
const FIRST_PORT = 2_000;
const PORTS = 60_000;
const UDP_HEADER = 20;
const TOKEN = UDP_HEADER + 8;

/** Ports are used in turn: what conntrack remembers of a flow is gone when its port comes back. */
let ports = 0;

interface Ends {
  readonly sender: ProbeSocket;
  readonly receiver: ProbeSocket;
}

function openEnds({ from, to, destination, port }: ProbeRoute): Ends {
  using sending = NetworkNamespace.open(from);
  using receiving = NetworkNamespace.open(to);
  return {
    sender: sending.run(() => ProbeSocket.sendRaw(4)),
    receiver: receiving.run(() => ProbeSocket.bindUdp(socketAddress(destination, port))),
  };
}

function say(answer: ProbeAnswer): void {
  writeSync(1, `${JSON.stringify(answer)}\n`);
}

function createProbing({ destination, port }: ProbeRoute, { sender, receiver }: Ends, source: Address) {
  const plan = { source, destination, protocol: UDP, sourcePort: 1, port, token: new Uint8Array(4) };
  const packet = packetBytes(plan);
  const view = new DataView(packet.buffer);
  // No checksum: it would change with the port, and is not asked for.
  view.setUint16(UDP_HEADER + 6, 0);
  const to = socketAddress(destination, 0);
  const probes: Probe[] = [];
  // What a log before this one left behind.
  const stamp = ports;
  const receive = (): void => {
    for (let got = receiver.receive(); got !== undefined; got = receiver.receive()) {
      const token = new DataView(got.bytes.buffer, got.bytes.byteOffset).getUint32(0);
      const probe = probes[token - stamp];
      if (probe !== undefined) probe.arrived = true;
    }
  };
  const send = (): void => {
    view.setUint16(UDP_HEADER, FIRST_PORT + (ports % PORTS));
    view.setUint32(TOKEN, ports++);
    probes.push({ sentAt: monotonicMilliseconds(), arrived: false });
    sender.send(packet, to);
  };
  return { probes, receive, send };
}

function sendUntilTurned(
  route: ProbeRoute,
  ends: Ends,
  { source, arrives, limit }: ProbeQuestion,
): ProbeAnswer {
  const { probes, receive, send } = createProbing(route, ends, source);
  const endsAt = monotonicMilliseconds() + limit;
  let begun = false;
  const inRow = (count: number, fate: boolean): boolean =>
    probes.length >= count && probes.slice(-count).every(({ arrived }) => arrived === fate);
  while (monotonicMilliseconds() < endsAt) {
    send();
    // veth hands a packet over before sendto(2) returns, unless the machine is out of breath.
    receive();
    sleepMicroseconds(PAUSE_MICROSECONDS);
    receive();
    if (!begun && inRow(BEGUN_AFTER, !arrives)) {
      begun = true;
      say({ kind: "begun" });
    }
    if (!begun || !inRow(CONFIRMED_BY, arrives)) continue;
    sleepMicroseconds(LAST_WAIT_MICROSECONDS);
    receive();
    const turn = turnOf(probes, arrives);
    if (turn !== undefined) return { kind: "turned", turn, packets: probes.length };
  }
  const arrived = probes.filter((one) => one.arrived).length;
  return { kind: "unturned", found: `${arrived} of ${probes.length} packets arrived in ${limit} ms` };
}

/** It takes a tenth of a core; what it would wait for one, packets would seem to be late. Only root may. */
function goFirst(): void {
  try {
    setPriority(-15);
  } catch {
    // The gaps between packets are wider then, and no more.
  }
}

goFirst();
const routes = JSON.parse(process.argv[2] ?? "{}") as ProbeRoutes;
const ends = new Map(Object.entries(routes).map(([name, route]) => [name, openEnds(route)]));
for await (const line of eachLine(Bun.stdin.stream())) {
  const question = JSON.parse(line) as ProbeQuestion;
  const route = routes[question.route];
  const found = ends.get(question.route);
  if (route === undefined || found === undefined) throw new RangeError(`no route "${question.route}"`);
  say(sendUntilTurned(route, found, question));
}
