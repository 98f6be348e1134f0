import type { NetworkNamespace } from "../native/network-namespace.ts";

/**
 * The status of `GET path` at 127.0.0.1 inside a namespace; undefined where nobody answers. By hand, since fetch()
 * asks from a thread that never enters the namespace.
 */
export async function httpStatus(
  network: NetworkNamespace,
  port: number,
  path: string,
): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  let answer = "";
  const connecting = network.run(() =>
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) =>
          void socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
        data: (socket, bytes) => {
          answer += bytes.toString();
          const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
          if (status === undefined) return;
          resolve(Number(status));
          socket.end();
        },
        close: () => resolve(undefined),
        error: () => resolve(undefined),
      },
    }),
  );
  await connecting.catch(() => resolve(undefined));
  return promise;
}
