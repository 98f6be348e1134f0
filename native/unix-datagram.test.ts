import { dlopen, FFIType } from "bun:ffi";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindSocket, closeDescriptor, receiveBytes } from "./libc.ts";
import { sendUnixDatagram, unixAddress } from "./unix-datagram.ts";

const { i32 } = FFIType;
const { symbols } = dlopen("libc.so.6", { socket: { args: [i32, i32, i32], returns: i32 } });
const [AF_UNIX, SOCK_DGRAM] = [1, 2];

function received(path: string, send: () => void): string | undefined {
  const fd = symbols.socket(AF_UNIX, SOCK_DGRAM, 0);
  try {
    bindSocket(fd, unixAddress(path) ?? new Uint8Array());
    send();
    const buffer = new Uint8Array(256);
    const length = receiveBytes(fd, buffer);
    return length === undefined ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
  } finally {
    closeDescriptor(fd);
  }
}

test("one message arrives whole, by a path and by a name without a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "tortie-datagram-"));
  try {
    for (const path of [join(folder, "socket"), `@${folder}`])
      expect(received(path, () => sendUnixDatagram(path, "READY=1\nSTATUS=ü"))).toBe("READY=1\nSTATUS=ü");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("where nobody receives it says so, and a path that is too long does no harm", () => {
  expect(sendUnixDatagram("/nonexistent/socket", "x")).toBe(false);
  expect(sendUnixDatagram(`/${"x".repeat(200)}`, "x")).toBe(false);
});
