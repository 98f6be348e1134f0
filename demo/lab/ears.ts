import { type Address, addressFamily } from "../../model/address.ts";
import { ICMP, ICMPV6, type Protocol } from "../../model/protocol.ts";
import { ProbeSocket, type Waiting } from "../../native/probe-socket.ts";
import { type Place, socketAddress } from "./place.ts";

/** Hears every packet of one IP protocol that reaches a place. */
export interface Ear extends Waiting {
  /** The tokens that came in since, each as text. */
  heard(): string[];
}

export type HandMadeKind = "arrival" | "echoReply";

export function tokenText(token: Uint8Array): string {
  return Buffer.from(token).toString("hex");
}

/** Where the token stands in the segment (packet.ts), and what ICMP type the message must have to count. */
function tokenOf(segment: Uint8Array, protocol: Protocol, kind: HandMadeKind): string | undefined {
  const at = protocol === 6 ? 4 : protocol === 132 ? 16 : 8;
  if (segment.length < at + 4) return undefined;
  if (protocol === ICMP && segment[0] !== (kind === "arrival" ? 8 : 0)) return undefined;
  if (protocol === ICMPV6 && segment[0] !== (kind === "arrival" ? 128 : 129)) return undefined;
  return tokenText(segment.subarray(at, at + 4));
}

function earAt(place: Place, address: Address, protocol: Protocol, kind: HandMadeKind): Ear {
  const isIPv4 = addressFamily(address) === 4;
  const anywhere = socketAddress((isIPv4 ? "0.0.0.0" : "::") as Address, 0);
  const socket = place.network.run(() => ProbeSocket.receiveRaw(anywhere, protocol));
  const heard = (): string[] => {
    const tokens: string[] = [];
    for (let got = socket.receive(); got !== undefined; got = socket.receive()) {
      const header = isIPv4 ? ((got.bytes[0] ?? 0) & 15) * 4 : 0;
      const token = tokenOf(got.bytes.subarray(header), protocol, kind);
      if (token !== undefined) tokens.push(token);
    }
    return tokens;
  };
  return { socket, until: "readable", heard };
}

/** The ears of one round of probes: one for each place, family, protocol and kind that is wanted. */
export class Ears {
  readonly #ears = new Map<string, Ear>();

  ensure(place: Place, address: Address, protocol: Protocol, kind: HandMadeKind): void {
    const key = `${place.key} ${addressFamily(address)} ${protocol} ${kind}`;
    if (!this.#ears.has(key)) this.#ears.set(key, earAt(place, address, protocol, kind));
  }

  get all(): Ear[] {
    return [...this.#ears.values()];
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#ears.values()) socket[Symbol.dispose]();
    this.#ears.clear();
  }
}
