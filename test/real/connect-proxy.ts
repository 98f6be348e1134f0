import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";

/** An HTTP proxy on loopback that knows CONNECT only. Whatever host it is asked for, it leads to one port of 127.0.0.1. */
export interface ConnectProxy extends Disposable {
  readonly url: string;
  /** `HOST:PORT` of each tunnel so far. */
  readonly asked: readonly string[];
}

export async function startConnectProxy(port: number): Promise<ConnectProxy> {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, client) => {
    asked.push(request.url ?? "");
    const target = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(target);
      target.pipe(client);
    });
    target.on("error", () => client.destroy());
    client.on("error", () => target.destroy());
    client.on("close", () => target.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const own = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own}`,
    asked,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
