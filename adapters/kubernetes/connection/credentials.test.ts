import { expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ConnectionError } from "./connection-error.ts";
import { type ClientSettings, openClient } from "./open-client.ts";
import { testCertificate } from "./test-certificates.ts";
import { AUTHORITY, CLIENT, http2Server, prepareTests } from "./test-servers.ts";

const testFile = prepareTests();
const V1 = "client.authentication.k8s.io/v1";

function printing(status: object): string {
  return `echo '${JSON.stringify({ kind: "ExecCredential", apiVersion: V1, status })}'`;
}

async function message(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
  return (error as ConnectionError).message;
}

interface Logins {
  readonly port: number;
  readonly seen: (string | undefined)[];
}

async function tokenServer(accept: () => string): Promise<Logins> {
  const seen: (string | undefined)[] = [];
  const port = await http2Server((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(request.headers.authorization === `Bearer ${accept()}` ? 200 : 401);
    response.end("{}");
  });
  return { port, seen };
}

function kubeconfig(port: number, command: string): string {
  const config = {
    "current-context": "c",
    clusters: [
      {
        name: "c",
        cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": btoa(AUTHORITY.cert) },
      },
    ],
    users: [{ name: "c", user: { exec: { apiVersion: V1, command, interactiveMode: "IfAvailable" } } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
  };
  const path = `${dirname(testFile(""))}/config`;
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** A plugin beside the kubeconfig that counts its runs and gives the count as token. */
function countingPlugin(path: string, more: object = {}): () => number {
  const counter = `${dirname(path)}/runs`;
  writeFileSync(counter, "");
  const plugin = `${dirname(path)}/plugin`;
  const body = printing({ token: "COUNT", ...more }).replace("COUNT", `'$(wc -c < ${counter})'`);
  writeFileSync(plugin, `#!/bin/sh\nprintf x >> ${counter}\n${body}\n`);
  chmodSync(plugin, 0o755);
  return () => readFileSync(counter, "utf8").length;
}

async function statuses(path: string, count: number, settings: ClientSettings = {}): Promise<number[]> {
  using client = await openClient(
    { kubeconfig: path },
    { environment: { PATH: process.env["PATH"] }, ...settings },
  );
  const ask = (): Promise<Response> => client.request({ path: "/", signal: new AbortController().signal });
  const answers = await Promise.all(Array.from({ length: count }, ask));
  return [...answers, await ask()].map(({ status }) => status);
}

test("a plugin runs once for many requests, and again after a 401", async () => {
  const server = await tokenServer(() => "1");
  const path = kubeconfig(server.port, "./plugin");
  const runs = countingPlugin(path);
  expect(await statuses(path, 4)).toEqual([200, 200, 200, 200, 200]);
  expect(runs()).toBe(1);
  const later = await tokenServer(() => "2");
  const other = kubeconfig(later.port, "./plugin");
  const otherRuns = countingPlugin(other);
  expect(await statuses(other, 4)).toEqual([200, 200, 200, 200, 200]);
  expect(otherRuns()).toBe(2);
});

test("a plugin runs again when what it gave has expired", async () => {
  const server = await tokenServer(() => "1");
  const path = kubeconfig(server.port, "./plugin");
  const start = Date.now();
  const runs = countingPlugin(path, { expirationTimestamp: new Date(start + 60_000).toISOString() });
  let now = start;
  using client = await openClient(
    { kubeconfig: path },
    { environment: { PATH: process.env["PATH"] }, now: () => new Date(now) },
  );
  const ask = (): Promise<Response> => client.request({ path: "/", signal: new AbortController().signal });
  await ask();
  await ask();
  expect(runs()).toBe(1);
  now += 60_000;
  await ask();
  expect(server.seen.slice(0, 3)).toEqual(["Bearer 1", "Bearer 1", "Bearer 2"]);
});

test("a client certificate from a plugin", async () => {
  const port = await http2Server((_request, response) => response.end("{}"), {
    clientAuthority: AUTHORITY.cert,
  });
  const path = kubeconfig(port, "./plugin");
  const plugin = `${dirname(path)}/plugin`;
  const status = { clientCertificateData: CLIENT.cert, clientKeyData: CLIENT.key };
  writeFileSync(
    plugin,
    `#!/bin/sh\ncat <<'END'\n${JSON.stringify({ kind: "ExecCredential", apiVersion: V1, status })}\nEND\n`,
  );
  chmodSync(plugin, 0o755);
  expect(await statuses(path, 1)).toEqual([200, 200]);
  const other = testCertificate({ commonName: "joe", issuer: AUTHORITY });
  writeFileSync(
    plugin,
    readFileSync(plugin, "utf8").replace(JSON.stringify(CLIENT.key), JSON.stringify(other.key)),
  );
  expect(await message(statuses(path, 1))).toContain(
    `the key in what ${plugin} gave is not that of the certificate`,
  );
});

/** A plugin beside the kubeconfig that counts its runs; what it gives can be exchanged. */
function certificatePlugin(path: string): { give(certificate: object): void; runs(): number } {
  const directory = dirname(path);
  const answer = `${directory}/answer`;
  const counter = `${directory}/runs`;
  const plugin = `${directory}/plugin`;
  writeFileSync(counter, "");
  writeFileSync(plugin, `#!/bin/sh\nprintf x >> ${counter}\ncat ${answer}\n`);
  chmodSync(plugin, 0o755);
  return {
    give: (status) =>
      writeFileSync(answer, JSON.stringify({ kind: "ExecCredential", apiVersion: V1, status })),
    runs: () => readFileSync(counter, "utf8").length,
  };
}

test("a plugin runs again when the certificate that it gave has ended, or was of no use", async () => {
  const day = 86_400_000;
  const start = Date.now();
  const issued = (days: number): object => {
    const notAfter = new Date(start + days * day);
    const { cert, key } = testCertificate({ commonName: "jane", issuer: AUTHORITY, notAfter });
    return { clientCertificateData: cert, clientKeyData: key };
  };
  const port = await http2Server((_request, response) => response.end("{}"));
  const path = kubeconfig(port, "./plugin");
  const plugin = certificatePlugin(path);
  let now = start;
  using client = await openClient(
    { kubeconfig: path },
    { environment: { PATH: process.env["PATH"] }, now: () => new Date(now) },
  );
  const ask = async (): Promise<number | string> => {
    const attempt = client.request({ path: "/", signal: new AbortController().signal });
    return attempt.then(
      ({ status }) => status,
      (error: unknown) => (error instanceof ConnectionError ? error.found : String(error)),
    );
  };
  plugin.give({ ...issued(0.25), clientKeyData: CLIENT.key });
  expect(await ask()).toContain("is not that of the certificate in");
  plugin.give({ ...issued(0.25), expirationTimestamp: new Date(start + 9 * day).toISOString() });
  expect([await ask(), await ask(), plugin.runs()]).toEqual([200, 200, 2]);
  now = start + 0.5 * day;
  expect(await ask()).toContain("the certificate of CN=jane expired on");
  expect(await ask()).toContain("the certificate of CN=jane expired on");
  expect(plugin.runs()).toBe(4);
  plugin.give(issued(0.75));
  expect([await ask(), await ask(), plugin.runs()]).toEqual([200, 200, 5]);
});
