import { expect, test } from "bun:test";
import { unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ConnectionError } from "./connection-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { type ClientSettings, openClient } from "./open-client.ts";
import { testCertificate } from "./test-certificates.ts";
import {
  AUTHORITY,
  CLIENT,
  connectProxy,
  type Handler,
  http1Server,
  http2Server,
  listen,
  OTHER_AUTHORITY,
  plainServer,
  prepareTests,
  SERVER,
} from "./test-servers.ts";

const testFile = prepareTests();

const caFile = testFile(AUTHORITY.cert);
const fine: Handler = (_request, response) => response.end("{}");

async function failure(options: ConnectionOptions, settings: ClientSettings = {}): Promise<ConnectionError> {
  using client = await openClient(options, { environment: {}, ...settings });
  const asked = client.request({ path: "/version", signal: new AbortController().signal });
  return asked.then(
    () => expect.unreachable("there was an answer"),
    (error: unknown) => error as ConnectionError,
  );
}

test("a wrong authority", async () => {
  const port = await http2Server(fine);
  const wrong = testFile(OTHER_AUTHORITY.cert);
  const error = await failure({ endpoint: `https://127.0.0.1:${port}`, caFile: wrong });
  expect(error.kind).toBe("tls");
  expect(error.message).toBe(
    `GET /version of https://127.0.0.1:${port}: the certificate of 127.0.0.1:${port} is not signed by the authority in ${wrong}; next: put the cluster's certificate authority into ${wrong}, and see that K8S_API_ENDPOINT names the right server`,
  );
});

test("no authority, and the system's do not know the cluster", async () => {
  const port = await http2Server(fine);
  expect(await failure({ endpoint: `https://127.0.0.1:${port}` })).toMatchObject({
    kind: "tls",
    found: `the certificate of 127.0.0.1:${port} is not signed by an authority that this system trusts`,
    next: "give the cluster's certificate authority (K8S_CA_FILE, or certificate-authority in the kubeconfig)",
  });
});

test("a certificate for another name", async () => {
  const certificate = testCertificate({ commonName: "x", names: ["other.example"], issuer: AUTHORITY });
  const port = await http2Server(fine, { certificate });
  expect(await failure({ endpoint: `https://127.0.0.1:${port}`, caFile })).toMatchObject({
    kind: "tls",
    found: `the certificate of 127.0.0.1:${port} is not for 127.0.0.1`,
  });
});

test("a server's certificate that has expired, and one that is not valid yet", async () => {
  const dated = (notBefore: string, notAfter: string): ReturnType<typeof testCertificate> =>
    testCertificate({
      commonName: "x",
      names: ["127.0.0.1"],
      issuer: AUTHORITY,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
    });
  const expired = await http2Server(fine, { certificate: dated("2020-01-01", "2020-02-01") });
  const error = await failure({ endpoint: `https://127.0.0.1:${expired}`, caFile });
  expect(error.kind).toBe("tls");
  expect(error.found).toStartWith(
    `the certificate of 127.0.0.1:${expired}, or of its authority, has expired; this machine's clock says 20`,
  );
  const early = await http2Server(fine, { certificate: dated("2120-01-01", "2120-02-01") });
  expect((await failure({ endpoint: `https://127.0.0.1:${early}`, caFile })).found).toContain(
    "is not valid yet",
  );
});

test("nothing listens", async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((closed) => server.close(closed));
  expect(await failure({ endpoint: `https://127.0.0.1:${port}`, caFile })).toMatchObject({
    kind: "refused",
    found: `127.0.0.1:${port} cannot be connected to (ECONNREFUSED)`,
    next: "see that the API server runs, and that K8S_API_ENDPOINT names it and its port",
  });
});

test("a name without an address", async () => {
  expect(await failure({ endpoint: "https://no.such.invalid", caFile })).toMatchObject({
    kind: "name",
    found: "the name no.such.invalid has no address",
  });
});

test("HTTP spoken to HTTPS, and HTTPS to HTTP", async () => {
  const plain = await plainServer(fine);
  const error = await failure({ endpoint: `https://127.0.0.1:${plain}`, caFile });
  expect(error.kind).toBe("protocol");
  expect(error.found).toStartWith(`the TLS handshake with 127.0.0.1:${plain} failed: no TLS is spoken there`);
  const secure = await http1Server(fine);
  const other = await failure({ endpoint: `http://127.0.0.1:${secure}` });
  expect(other).toMatchObject({ kind: "reset", next: expect.stringContaining("write https://") });
});

test("a client certificate that the server does not know", async () => {
  const port = await http2Server(fine, { clientAuthority: OTHER_AUTHORITY.cert });
  const error = await failure({
    endpoint: `https://127.0.0.1:${port}`,
    caFile,
    certFile: testFile(CLIENT.cert),
    keyFile: testFile(CLIENT.key),
  });
  expect(["protocol", "reset"]).toContain(error.kind);
  expect(error.message).toMatch(/refuses our client certificate|accepts our credentials/);
});

test("a server that says nothing, and one that hangs up", async () => {
  const port = await listen(createServer());
  expect(await failure({ endpoint: `https://127.0.0.1:${port}`, caFile }, { answerLimit: 30 })).toMatchObject(
    {
      kind: "timeout",
      found: "no answer came within 0.03 s",
    },
  );
  const rude = await listen(createServer((socket) => socket.destroy()));
  expect((await failure({ endpoint: `https://127.0.0.1:${rude}`, caFile })).kind).toBe("reset");
});

test("a proxy that refuses, that asks for a password, that is not there", async () => {
  const endpoint = "https://api.test:6443";
  const refusing = await connectProxy("403 Forbidden");
  const through = (port: number): ClientSettings => ({
    environment: { HTTPS_PROXY: `http://user:secret@127.0.0.1:${port}` },
  });
  const forbidden = await failure({ endpoint, caFile }, through(refusing.port));
  expect(forbidden.kind).toBe("proxy");
  expect(forbidden.message).toBe(
    `GET /version of https://api.test:6443 through the proxy http://127.0.0.1:${refusing.port} (HTTPS_PROXY): the proxy refuses: Proxy refused to open a tunnel: 403 Forbidden; next: let the proxy connect to api.test:6443, or name api.test in NO_PROXY`,
  );
  const asking = await connectProxy("407 Proxy Authentication Required");
  expect((await failure({ endpoint, caFile }, through(asking.port))).next).toContain(
    "user name and password",
  );
  const gone = createServer();
  const port = await listen(gone);
  await new Promise((closed) => gone.close(closed));
  expect(await failure({ endpoint, caFile }, through(port))).toMatchObject({
    kind: "proxy",
    found: "the proxy cannot be connected to (ECONNREFUSED)",
  });
});

test("a token file that is gone when the token was refused", async () => {
  const directory = testFile("").slice(0, -"/file".length);
  const port = await http2Server((_request, response) => {
    unlinkSync(`${directory}/token`);
    response.writeHead(401);
    response.end();
  });
  writeFileSync(`${directory}/token`, "one");
  writeFileSync(`${directory}/ca.crt`, AUTHORITY.cert);
  const error = await failure(
    {},
    {
      environment: { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) },
      serviceAccountDirectory: directory,
    },
  );
  expect(error.kind).toBe("credentials");
  expect(error.message).toBe(
    `read the token for https://127.0.0.1:${port}: ${directory}/token: the file does not exist; next: put the token there; it is read again before the next request`,
  );
});

test("a 401 whose body breaks off: the request is sent once more, with the token that came meanwhile", async () => {
  let asked = 0;
  const server = createTlsServer(SERVER, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      asked++;
      writeFileSync(tokenFile, `token-${asked}`);
      socket.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 500\r\n\r\n{");
      socket.destroy();
    });
  });
  const tokenFile = testFile("token-0");
  const cluster = { server: `https://127.0.0.1:${await listen(server)}`, "certificate-authority": caFile };
  const kubeconfigInline = JSON.stringify({
    "current-context": "c",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "c", user: { tokenFile } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
  });
  using client = await openClient({ kubeconfigInline }, { environment: {} });
  const { status } = await client.request({ path: "/", signal: new AbortController().signal });
  expect([status, asked]).toEqual([401, 2]);
});

test("whatever else goes wrong is a ConnectionError too, and quotes nothing", async () => {
  const port = await http2Server(fine);
  let broken = false;
  const now = (): Date => {
    if (broken) throw new TypeError("secret");
    return new Date();
  };
  const [certFile, keyFile] = [testFile(CLIENT.cert), testFile(CLIENT.key)];
  using client = await openClient(
    { endpoint: `https://127.0.0.1:${port}`, caFile, certFile, keyFile },
    { environment: {}, now },
  );
  broken = true;
  const asked = client.request({ path: "/version", signal: new AbortController().signal });
  const error: unknown = await asked.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    name: "ConnectionError",
    kind: "reset",
    message: `GET /version of https://127.0.0.1:${port}: the request failed in a way that was not foreseen (TypeError); next: nothing: it is tried again; if it stays so, report it as a bug`,
  });
});
