import { addressBytes, parseAddress } from "../../../model/address.ts";
import { pollSockets, ProbeSocket } from "../../../native/probe-socket.ts";
import type { SocketAddress } from "../../../native/socket-address.ts";

// A process of its own inside a pod: `bun dialler.ts TARGETS`. Opens one TCP connection after another, in turns over TARGETS, each
// from the next source port, until standard input ends; then prints how it went.

export interface DialTarget {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  /** False: nothing will come of it, so nobody waits for an answer. */
  readonly answers: boolean;
}

export interface DialReport {
  readonly begun: number;
  readonly connected: number;
  /** Of those that connected. */
  readonly slowestMilliseconds: number;
}

/** A lost SYN is sent again after 1,000 ms: what takes this long was cut. */
const PATIENCE_MILLISECONDS = 900;
const FIRST_SOURCE_PORT = 2_000;
const SOURCE_PORTS = 60_000;
/** So that others have their turn of the processor, too. */
const REST_MILLISECONDS = 2;

function socketAddress(text: string, port: number): SocketAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`no address: ${text}`);
  return { address: addressBytes(address), port };
}

async function dial(targets: readonly DialTarget[]): Promise<DialReport> {
  let [begun, connected, slowestMilliseconds, stopped] = [0, 0, 0, false];
  const input = Bun.stdin.stream().getReader();
  void (async () => {
    while (!(await input.read()).done);
    stopped = true;
  })();
  // The end of standard input changes it.
  // oxlint-disable-next-line no-unmodified-loop-condition
  while (!stopped) {
    for (const { source, destination, port, answers } of targets) {
      const from = socketAddress(source, FIRST_SOURCE_PORT + (begun++ % SOURCE_PORTS));
      const began = performance.now();
      using socket = ProbeSocket.connectTcp(from, socketAddress(destination, port));
      const milliseconds = answers ? PATIENCE_MILLISECONDS : 0;
      const [answered] = pollSockets([{ socket, until: "writable" }], milliseconds);
      if (answered === undefined || socket.connectOutcome() !== "connected") continue;
      connected++;
      slowestMilliseconds = Math.max(slowestMilliseconds, performance.now() - began);
    }
    await Bun.sleep(REST_MILLISECONDS);
  }
  return { begun, connected, slowestMilliseconds };
}

if (import.meta.main) {
  const [targets = "[]"] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await dial(JSON.parse(targets) as DialTarget[])));
}
