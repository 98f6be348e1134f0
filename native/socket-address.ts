const AF_INET = 2;
const AF_INET6 = 10;

/** Where a packet comes from or goes to. */
export interface SocketAddress {
  /** 4 or 16 bytes, most significant first. */
  readonly address: Uint8Array;
  /** 0: any; raw sockets have none. */
  readonly port: number;
}

export function socketFamily({ address }: SocketAddress): number {
  return address.length === 4 ? AF_INET : AF_INET6;
}

/** The layout of struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)). */
export function encodeSocketAddress(socketAddress: SocketAddress): Uint8Array {
  const { address, port } = socketAddress;
  const bytes = new Uint8Array(address.length === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, socketFamily(socketAddress), true);
  view.setUint16(2, port);
  bytes.set(address, address.length === 4 ? 4 : 8);
  return bytes;
}

export function decodeSocketAddress(bytes: Uint8Array): SocketAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isIPv4 = view.getUint16(0, true) === AF_INET;
  return { address: bytes.slice(isIPv4 ? 4 : 8, isIPv4 ? 8 : 24), port: view.getUint16(2) };
}
