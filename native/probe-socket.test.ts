import { expect, test } from "bun:test";
import { NetworkNamespace } from "./network-namespace.ts";
import { pollSockets, ProbeSocket } from "./probe-socket.ts";
import { decodeSocketAddress, encodeSocketAddress, type SocketAddress } from "./socket-address.ts";

const LIMIT = 10_000;
const LOOPBACK = { 4: [127, 0, 0, 1], 6: [...Array<number>(15).fill(0), 1] } as const;

function at(family: 4 | 6, port: number): SocketAddress {
  return { address: Uint8Array.from(LOOPBACK[family]), port };
}

function withLoopback(work: () => void): void {
  using network = NetworkNamespace.create();
  network.run(() => {
    Bun.spawnSync(["ip", "link", "set", "lo", "up"]);
    work();
  });
}

test.each([4, 6] as const)("socket addresses survive the kernel's layout: IPv%i", (family) => {
  const address = at(family, 8080);
  expect(decodeSocketAddress(encodeSocketAddress(address))).toEqual(address);
});

test.each([4, 6] as const)("connectTcp tells an answer from a refusal: IPv%i", (family) => {
  withLoopback(() => {
    using server = ProbeSocket.listenTcp(at(family, 80));
    using answered = ProbeSocket.connectTcp(at(family, 0), at(family, 80));
    using refused = ProbeSocket.connectTcp(at(family, 0), at(family, 81));
    expect(pollSockets([{ socket: answered, until: "writable" }], LIMIT)).toHaveLength(1);
    expect(answered.connectOutcome()).toBe("connected");
    expect(refused.connectOutcome()).toBe("refused");
    server.drain();
  });
});

test.each([4, 6] as const)("bindUdp sends and receives, and an empty queue is no error: IPv%i", (family) => {
  withLoopback(() => {
    using server = ProbeSocket.bindUdp(at(family, 53));
    using client = ProbeSocket.bindUdp(at(family, 0));
    expect(server.receive()).toBeUndefined();
    expect(client.send(Uint8Array.of(1, 2, 3), at(family, 53))).toBe(true);
    expect(pollSockets([{ socket: server, until: "readable" }], LIMIT)).toHaveLength(1);
    const got = server.receive();
    expect(got?.bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(got?.from.address).toEqual(at(family, 0).address);
  });
});

test("a refused call throws with its errno, and an address that is taken leaves no socket open", () => {
  withLoopback(() => {
    using _server = ProbeSocket.listenTcp(at(4, 80));
    expect(() => ProbeSocket.listenTcp(at(4, 80))).toThrow("errno 98");
    expect(() => ProbeSocket.connectTcp(at(4, 0), { address: Uint8Array.of(10, 0, 0, 1), port: 80 })).toThrow(
      "could not connect",
    );
  });
});
