import type { TestCertificate } from "../../adapters/kubernetes/connection/test-certificates.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";

export interface TlsFront extends Disposable {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
}

/** Undefined before the handshake is done, and for ever where it fails. */
interface Line {
  readonly behind: Promise<Bun.Socket> | undefined;
}

/** Ends TLS in front of a plain server on loopback, both inside a namespace. */
export function openTlsFront(
  network: NetworkNamespace,
  plainUrl: string,
  { cert, key }: TestCertificate,
): TlsFront {
  const plainPort = Number(new URL(plainUrl).port);

  function behind(front: Bun.Socket<Line>): Promise<Bun.Socket> {
    return network.run(() =>
      Bun.connect({
        hostname: "127.0.0.1",
        port: plainPort,
        socket: {
          data: (_, chunk) => void front.write(chunk),
          close: () => void front.end(),
          error: () => void front.end(),
        },
      }),
    );
  }

  const listener = network.run(() =>
    Bun.listen<Line>({
      hostname: "127.0.0.1",
      port: 0,
      data: { behind: undefined },
      tls: { cert, key },
      socket: {
        open: (front) => void (front.data = { behind: behind(front) }),
        data: (front, chunk) => void front.data.behind?.then((socket) => socket.write(chunk)),
        close: (front) => void front.data.behind?.then((socket) => socket.end()),
      },
    }),
  );
  return {
    url: `https://127.0.0.1:${listener.port}`,
    [Symbol.dispose]: () => listener.stop(true),
  };
}
