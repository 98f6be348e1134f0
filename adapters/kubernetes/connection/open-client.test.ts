import { expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:tls";
import type { KubernetesClient } from "./client.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { type ClientSettings, openClient } from "./open-client.ts";
import { testCertificate } from "./test-certificates.ts";
import {
  AUTHORITY,
  CLIENT,
  type Handler,
  http1Server,
  http2Server,
  listen,
  OTHER_AUTHORITY,
  plainServer,
  SERVER,
  prepareTests,
} from "./test-servers.ts";

const testFile = prepareTests();

const echo: Handler = (request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      method: request.method,
      url: request.url,
      version: request.httpVersion,
      headers: request.headers,
    }),
  );
};

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
}

function open(options: ConnectionOptions, settings: ClientSettings = {}): Promise<KubernetesClient> {
  return openClient(options, { environment: {}, ...settings });
}

async function ask(client: KubernetesClient, path = "/version", query = {}): Promise<Echo> {
  const response = await client.request({ path, query, signal: new AbortController().signal });
  expect(response.status).toBe(200);
  return (await response.json()) as Echo;
}

function thrown(attempt: Promise<unknown> | undefined): Promise<unknown> {
  return attempt?.catch((error: unknown) => error) ?? Promise.resolve(undefined);
}

const caFile = testFile(AUTHORITY.cert);
const certFile = testFile(CLIENT.cert);
const keyFile = testFile(CLIENT.key);

test("HTTP/2 where the server has it; path, query, token and user agent arrive", async () => {
  const port = await http2Server(echo);
  using client = await open({ endpoint: `https://127.0.0.1:${port}/`, caFile, token: "secret" });
  expect(client.server).toBe(`https://127.0.0.1:${port}`);
  expect(client.notices).toEqual([]);
  const got = await ask(client, "/api/v1/pods", { fieldSelector: "a!=b,c=d", watch: "1" });
  expect(got.version).toBe("2.0");
  expect(got.url).toBe("/api/v1/pods?fieldSelector=a%21%3Db%2Cc%3Dd&watch=1");
  expect(got.headers).toMatchObject({ authorization: "Bearer secret", accept: "application/json" });
  expect(got.headers["accept-encoding"]).toBe("identity");
  expect(got.headers["user-agent"]).toMatch(/^tortie \(linux\/(amd64|arm64)\)$/);
});

test("a body is posted, and a path in the server's URL stays in front", async () => {
  const port = await http2Server(echo);
  using client = await open({ endpoint: `https://127.0.0.1:${port}/k8s/clusters/c-1`, caFile });
  const { signal } = new AbortController();
  const response = await client.request({ path: "/apis/x", method: "POST", body: "{}", signal });
  const got = (await response.json()) as Echo;
  expect(got).toMatchObject({ method: "POST", url: "/k8s/clusters/c-1/apis/x" });
  expect(got.headers["content-type"]).toBe("application/json");
  const contentType = "application/strategic-merge-patch+json";
  const patched = await client.request({ path: "/x", method: "PATCH", contentType, body: "{}", signal });
  const patch = (await patched.json()) as Echo;
  expect([patch.method, patch.headers["content-type"]]).toEqual(["PATCH", contentType]);
});

test("HTTP/1.1 where the server has no HTTP/2, and it is asked for HTTP/2 only once", async () => {
  let connections = 0;
  const port = await http1Server(echo);
  const front = createServer({ ...SERVER, ALPNProtocols: ["http/1.1"] }, (socket) => {
    socket.once("data", () => {
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    });
  });
  front.on("connection", () => connections++);
  const strict = await listen(front);
  using plain = await open({ endpoint: `https://127.0.0.1:${port}`, caFile });
  expect((await ask(plain)).version).toBe("1.1");
  using client = await open({ endpoint: `https://127.0.0.1:${strict}`, caFile });
  for (let at = 0; at < 3; at++) await ask(client);
  expect(connections).toBe(4);
});

test("HTTP/1.1 where the server ends the handshake over HTTP/2", async () => {
  const server = createServer(
    {
      ...SERVER,
      ALPNCallback: ({ protocols }) => protocols.find((name) => name === "http/1.1"),
    },
    (socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"));
    },
  );
  using client = await open({ endpoint: `https://127.0.0.1:${await listen(server)}`, caFile });
  expect(JSON.stringify(await ask(client))).toBe("{}");
});

test("a client certificate opens a server that demands one", async () => {
  const port = await http2Server(echo, { clientAuthority: AUTHORITY.cert });
  using client = await open({ endpoint: `https://127.0.0.1:${port}`, caFile, certFile, keyFile });
  expect((await ask(client)).version).toBe("2.0");
});

test("IPv6", async () => {
  const port = await http2Server(echo, { host: "::1" });
  using client = await open({ endpoint: `https://[::1]:${port}`, caFile });
  expect((await ask(client)).version).toBe("2.0");
});

test("plain HTTP works, and no credentials go over it", async () => {
  const port = await plainServer(echo);
  using client = await open({ endpoint: `http://127.0.0.1:${port}`, token: "secret" });
  expect((await ask(client)).headers).not.toHaveProperty("authorization");
  expect(client.notices).toEqual([
    `credentials are not sent to http://127.0.0.1:${port}: http:// is not encrypted; next: use https://`,
  ]);
});

test("a server that is not checked stays visible", async () => {
  const port = await http2Server(echo, {
    certificate: testCertificate({ commonName: "x", issuer: OTHER_AUTHORITY }),
  });
  using client = await open({ endpoint: `https://127.0.0.1:${port}`, insecureSkipTlsVerify: true });
  expect((await ask(client)).version).toBe("2.0");
  expect(client.notices).toEqual([
    `TLS certificates of 127.0.0.1:${port} are not verified (K8S_INSECURE_SKIP_TLS_VERIFY): whoever is on the way can read and change everything; next: give the cluster's certificate authority instead`,
  ]);
});

test("redirects are not followed", async () => {
  const port = await http2Server((_request, response) => {
    response.writeHead(302, { location: "https://127.0.0.1:1/" });
    response.end();
  });
  using client = await open({ endpoint: `https://127.0.0.1:${port}`, caFile });
  const response = await client.request({ path: "/", signal: new AbortController().signal });
  expect(response.status).toBe(302);
});

test("in a pod: service account and token, which is read again when it changes", async () => {
  const port = await http2Server(echo);
  const token = testFile("one\n", "token");
  const directory = token.slice(0, -"/token".length);
  writeFileSync(`${directory}/ca.crt`, AUTHORITY.cert);
  using client = await open(
    {},
    {
      environment: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) },
      serviceAccountDirectory: directory,
    },
  );
  expect((await ask(client)).headers["authorization"]).toBe("Bearer one");
  writeFileSync(`${directory}/new`, "two");
  renameSync(`${directory}/new`, token);
  expect((await ask(client)).headers["authorization"]).toBe("Bearer two");
  writeFileSync(token, "");
  expect((await ask(client)).headers["authorization"]).toBe("Bearer two");
});

test("after a 401 the request is sent once more where the token has become another one", async () => {
  let good = "Bearer one";
  const seen: unknown[] = [];
  const port = await http2Server((request, response) => {
    seen.push(request.headers["authorization"]);
    if (seen.length === 1) writeFileSync(tokenFile, "two");
    response.writeHead(request.headers["authorization"] === good ? 200 : 401);
    response.end("{}");
  });
  const tokenFile = testFile("one");
  const kubeconfigInline = JSON.stringify({
    "current-context": "c",
    clusters: [
      { name: "c", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority": caFile } },
    ],
    users: [{ name: "c", user: { tokenFile } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
  });
  using client = await open({ kubeconfigInline });
  good = "Bearer two";
  const { signal } = new AbortController();
  expect((await client.request({ path: "/", signal })).status).toBe(200);
  expect(seen).toEqual(["Bearer one", "Bearer two"]);
  good = "Bearer three";
  expect((await client.request({ path: "/", signal })).status).toBe(401);
  expect(seen).toHaveLength(3);
});

test("an authority that is exchanged is taken; one that cannot be read is not, and says so", async () => {
  const port = await http2Server(echo);
  const file = testFile(AUTHORITY.cert);
  using client = await open({ endpoint: `https://127.0.0.1:${port}`, caFile: file });
  await ask(client);
  writeFileSync(file, "garbage");
  await ask(client);
  expect(client.notices).toEqual([
    `${file} holds no certificate: found something that is not PEM (no -----BEGIN ... line); the certificate authority before it stays in use`,
  ]);
  writeFileSync(file, OTHER_AUTHORITY.cert);
  const { signal } = new AbortController();
  expect(await thrown(client.request({ path: "/", signal }))).toMatchObject({ kind: "tls" });
  expect(client.notices).toEqual([]);
});

test("a client certificate that is exchanged is taken once its key fits", async () => {
  const port = await http2Server(echo, { clientAuthority: AUTHORITY.cert });
  const [cert, key] = [testFile(CLIENT.cert), testFile(CLIENT.key)];
  using client = await open({
    endpoint: `https://127.0.0.1:${port}`,
    caFile,
    certFile: cert,
    keyFile: key,
  });
  await ask(client);
  const next = testCertificate({ commonName: "jane", issuer: AUTHORITY });
  writeFileSync(cert, next.cert);
  await ask(client);
  expect(client.notices).toEqual([
    `the key in ${key} is not that of the certificate in ${cert}; the client certificate before it stays in use`,
  ]);
  writeFileSync(key, next.key);
  await ask(client);
  expect(client.notices).toEqual([]);
});

test("the caller's signal ends the request, and the reading of the body", async () => {
  const port = await http2Server((request, response) => {
    if (request.url === "/silent") return;
    response.writeHead(200);
    response.write("{}\n");
  });
  using client = await open({ endpoint: `https://127.0.0.1:${port}`, caFile });
  const first = new AbortController();
  const silent = client.request({ path: "/silent", signal: first.signal });
  setTimeout(() => first.abort(new Error("stopping")), 20);
  expect(await thrown(silent)).toEqual(new Error("stopping"));
  const second = new AbortController();
  const response = await client.request({ path: "/stream", signal: second.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  const rest = reader?.read();
  second.abort(new Error("stopping"));
  expect(await thrown(rest)).toEqual(new Error("stopping"));
  const late = client.request({ path: "/", signal: second.signal });
  expect(await thrown(late)).toEqual(new Error("stopping"));
});
