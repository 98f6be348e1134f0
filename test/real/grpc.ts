import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";

/** What the server answered instead of a message, for example code 5 (NOT_FOUND) or 2 (UNKNOWN). */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;

  constructor(method: string, code: number, text: string) {
    super(`${method}: ${text} (code ${code})`);
    this.code = code;
  }
}

/** One byte that says that nothing is compressed, and the length of the message. */
const PREFIX = 5;

/**
 * Calls one method of a gRPC server behind a unix socket, over a connection of its own: `/SERVICE/METHOD`, and the
 * message as it is on the wire. Throws GrpcError, or what the connection failed with.
 */
export function callGrpc(socket: string, method: string, request: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2("http://localhost", { createConnection: () => connect(socket) });
    const fail = (error: Error): void => {
      session.destroy();
      reject(error);
    };
    session.on("error", fail);
    const stream = session.request({
      ":method": "POST",
      ":path": method,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const parts: Buffer[] = [];
    let status: string | undefined;
    let text = "";
    const readStatus = (headers: Readonly<Record<string, unknown>>): void => {
      status = headers["grpc-status"]?.toString() ?? status;
      text = decodeURIComponent(headers["grpc-message"]?.toString() ?? text);
    };
    // An answer without a message has its status there.
    stream.on("response", readStatus);
    stream.on("trailers", readStatus);
    stream.on("data", (part: Buffer) => void parts.push(part));
    stream.on("error", fail);
    stream.on("close", () => {
      session.close();
      if (status === undefined) return reject(new Error(`${method}: the server went away`));
      if (status !== "0") return reject(new GrpcError(method, Number(status), text));
      resolve(Uint8Array.from(Buffer.concat(parts).subarray(PREFIX)));
    });
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([prefix, request]));
  });
}
