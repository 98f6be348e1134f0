import { addressBytes, addressFamily, parseAddress } from "../../../model/address.ts";
import { UDP } from "../../../model/protocol.ts";
import { ProbeSocket } from "../../../native/probe-socket.ts";
import { packetBytes } from "../../../demo/lab/packet.ts";

// A process of its own inside a pod: `bun flood.ts FLOWS RATE`. Sends new flows (every packet from the next source
// port) round robin over FLOWS until standard input ends, RATE packets a second at most; then prints how it went.

export interface FloodFlow {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

export interface FloodReport {
  readonly sent: number;
  readonly refused: number;
  readonly seconds: number;
}

const FIRST_SOURCE_PORT = 2_000;
const SOURCE_PORTS = 60_000;
const BURST = 64;

function makeSender({ source, destination, port }: FloodFlow): (sourcePort: number) => boolean {
  const from = parseAddress(source);
  const to = parseAddress(destination);
  if (from === undefined || to === undefined) throw new TypeError(`no addresses: ${source}, ${destination}`);
  const family = addressFamily(to);
  const token = new Uint8Array(4);
  const bytes = packetBytes({ source: from, destination: to, protocol: UDP, sourcePort: 1, port, token });
  const transport = family === 4 ? 20 : 40;
  const view = new DataView(bytes.buffer);
  // No UDP checksum: it would change with the source port, and conntrack takes its absence.
  view.setUint16(transport + 6, 0);
  const socket = ProbeSocket.sendRaw(family);
  const at = { address: addressBytes(to), port: 0 };
  return (sourcePort) => {
    view.setUint16(transport, sourcePort);
    return socket.send(bytes, at);
  };
}

async function flood(flows: readonly FloodFlow[], rate: number): Promise<FloodReport> {
  const senders = flows.map(makeSender);
  let [sent, refused, round, stopped] = [0, 0, 0, false];
  const input = Bun.stdin.stream().getReader();
  void (async () => {
    while (!(await input.read()).done);
    stopped = true;
  })();
  const began = performance.now();
  // The end of standard input changes it.
  // oxlint-disable-next-line no-unmodified-loop-condition
  while (!stopped) {
    for (let burst = 0; burst < BURST; burst++) {
      const sourcePort = FIRST_SOURCE_PORT + (round++ % SOURCE_PORTS);
      for (const send of senders) {
        if (send(sourcePort)) sent++;
        else refused++;
      }
    }
    const ahead = ((sent + refused) / rate) * 1000 - (performance.now() - began);
    await (ahead > 1 ? Bun.sleep(ahead) : new Promise((resolve) => setImmediate(resolve)));
  }
  return { sent, refused, seconds: (performance.now() - began) / 1000 };
}

if (import.meta.main) {
  const [flows = "[]", rate = "0"] = process.argv.slice(2);
  const report = await flood(JSON.parse(flows) as FloodFlow[], Number(rate));
  process.stdout.write(JSON.stringify(report));
}
