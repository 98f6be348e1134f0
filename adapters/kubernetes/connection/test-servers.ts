import { afterAll, afterEach } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestCertificate, testAuthority, testCertificate } from "./test-certificates.ts";

type Request = IncomingMessage | Http2ServerRequest;
/** HTTP/2's answers differ in nothing that the tests use. */
export type Handler = (request: Request, response: ServerResponse) => void;

const closing: (() => void)[] = [];

/**
 * To be called once at the top of each test file, for hooks belong to the file that asks for them: servers are closed after
 * each test. Gives what writes a file that is gone after the last one, and answers with its path.
 */
export function prepareTests(): (text: string, name?: string) => string {
  const directory = mkdtempSync(join(tmpdir(), "tortie-connection-"));
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return (text, name = "file") => {
    const path = join(mkdtempSync(join(directory, "file-")), name);
    writeFileSync(path, text);
    return path;
  };
}

export const AUTHORITY: ReturnType<typeof testAuthority> = testAuthority("test authority");
export const OTHER_AUTHORITY: ReturnType<typeof testAuthority> = testAuthority("other authority");
export const SERVER: TestCertificate = testCertificate({
  commonName: "server",
  names: ["127.0.0.1", "::1", "localhost"],
  issuer: AUTHORITY,
});
export const CLIENT: TestCertificate = testCertificate({
  commonName: "jane",
  groups: ["staff"],
  issuer: AUTHORITY,
});

/** Closes it after the test, with whoever is connected; gives the port. */
export async function listen(server: Server | Http2SecureServer, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, host, listening));
  return (server.address() as AddressInfo).port;
}

export interface ServerOptions {
  readonly certificate?: TestCertificate;
  /** Clients must have a certificate signed by it. */
  readonly clientAuthority?: string;
  readonly host?: string;
}

function tlsOptions({ certificate = SERVER, clientAuthority }: ServerOptions): object {
  return {
    cert: certificate.cert,
    key: certificate.key,
    ...(clientAuthority !== undefined && {
      ca: clientAuthority,
      requestCert: true,
      rejectUnauthorized: true,
    }),
  };
}

/** Speaks HTTP/2 and HTTP/1.1. */
export function http2Server(handler: Handler, options: ServerOptions = {}): Promise<number> {
  const server = createSecureServer({ ...tlsOptions(options), allowHTTP1: true }, (request, response) =>
    handler(request, response as unknown as ServerResponse),
  );
  return listen(server, options.host);
}

/** Speaks HTTP/1.1 only. */
export function http1Server(handler: Handler, options: ServerOptions = {}): Promise<number> {
  return listen(createTlsServer(tlsOptions(options), handler), options.host);
}

export function plainServer(handler: Handler): Promise<number> {
  return listen(createPlainServer(handler));
}

export interface TestProxy {
  readonly port: number;
  /** What it was asked to connect to, with what Proxy-Authorization. */
  readonly asked: string[];
}

/** A proxy for CONNECT; with `refusal` it answers only that. */
export async function connectProxy(refusal?: string): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createPlainServer((request, response) => {
    asked.push(`plain ${request.url ?? ""}`);
    response.end("from the proxy");
  });
  server.on("connect", (request: IncomingMessage, client: Socket) => {
    const target = request.url ?? "";
    asked.push([target, request.headers["proxy-authorization"]].filter(Boolean).join(" "));
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const colon = target.lastIndexOf(":");
    const upstream = connect(Number(target.slice(colon + 1)), target.slice(0, colon).replace(/[[\]]/g, ""));
    upstream.on("connect", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    client.on("error", () => upstream.destroy());
  });
  return { port: await listen(server), asked };
}

/** Indented as one of YAML's values in a kubeconfig. */
export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
