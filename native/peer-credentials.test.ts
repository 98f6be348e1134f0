import { mkdtempSync, openSync, closeSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { type PeerCredentials, peerCredentials } from "./peer-credentials.ts";

/** What Bun's sockets have beyond their types. */
interface WithDescriptor {
  readonly fd: number;
}

test("peerCredentials names the process that connected", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tortie-peer-"));
  const path = join(directory, "socket");
  const { promise, resolve, reject } = Promise.withResolvers<PeerCredentials>();
  const server = Bun.listen({
    unix: path,
    socket: {
      open: (socket) => {
        try {
          resolve(peerCredentials((socket as unknown as WithDescriptor).fd));
        } catch (error) {
          reject(error);
        }
      },
      data: () => {},
    },
  });
  const script = `Bun.connect({ unix: ${JSON.stringify(path)}, socket: { data() {}, close() { process.exit(); } } });`;
  const client = Bun.spawn([process.execPath, "-e", script], { stderr: "inherit" });
  try {
    expect(await promise).toEqual({
      uid: process.getuid?.() ?? -1,
      gid: process.getgid?.() ?? -1,
      pid: client.pid,
    });
  } finally {
    server.stop(true);
    client.kill();
    await client.exited;
    rmSync(directory, { recursive: true });
  }
});

test("peerCredentials says that something else is no socket", () => {
  const fd = openSync("/dev/null", "r");
  try {
    expect(() => peerCredentials(fd)).toThrow(
      "could not ask who is at the other end of a socket: Socket operation on non-socket (ENOTSOCK)",
    );
  } finally {
    closeSync(fd);
  }
});
