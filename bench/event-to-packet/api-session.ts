import { readFileSync } from "node:fs";

/** Where the API server is and who asks it. */
export interface ApiAccess {
  readonly server: string;
  readonly caFile: string;
  readonly token: string;
}

export interface ApiCall {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
}

/** Sends requests as the agent does, over one session of HTTP/2, with nothing of the agent's in between. */
export function apiSession({ server, caFile, token }: ApiAccess): (call: ApiCall) => Promise<Response> {
  const session = new Bun.FetchSession();
  const tls = { ca: readFileSync(caFile, "utf8") };
  return ({ method, path, body }) =>
    session.fetch(`${server}${path}`, {
      method,
      tls,
      protocol: "http2",
      proxy: false,
      timeout: false,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
}
