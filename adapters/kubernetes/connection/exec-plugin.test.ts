import { expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ConnectionError } from "./connection-error.ts";
import { type ExecCredential, parseExecPlugin, runExecPlugin } from "./exec-plugin.ts";
import { type ClientSettings, openClient } from "./open-client.ts";
import { testCertificate } from "./test-certificates.ts";
import { AUTHORITY, CLIENT, http2Server, prepareTests } from "./test-servers.ts";

const testFile = prepareTests();
const V1 = "client.authentication.k8s.io/v1";
const USER = { name: 'user "jane" of /config', cluster: { server: "https://a" } };

function script(body: string, name = "plugin"): string {
  const path = testFile(`#!/bin/sh\n${body}\n`, name);
  chmodSync(path, 0o755);
  return path;
}

function printing(status: object, apiVersion = V1): string {
  return `echo '${JSON.stringify({ kind: "ExecCredential", apiVersion, status })}'`;
}

function run(command: string, exec: object = {}, timeLimit = 10_000): Promise<ExecCredential> {
  const plugin = parseExecPlugin(
    { apiVersion: V1, command, interactiveMode: "Never", ...exec },
    {
      ...USER,
      directory: dirname(command),
    },
  );
  return runExecPlugin(plugin, { environment: { PATH: process.env["PATH"] }, timeLimit });
}

async function message(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
  return (error as ConnectionError).message;
}

test("a token, a client certificate, an expiry; v1 and v1beta1", async () => {
  expect(await run(script(printing({ token: "t" })))).toEqual({ token: "t" });
  const status = {
    clientCertificateData: "C",
    clientKeyData: "K",
    expirationTimestamp: "2026-01-01T00:00:00Z",
  };
  const beta = "client.authentication.k8s.io/v1beta1";
  expect(await run(script(printing(status, beta)), { apiVersion: beta, interactiveMode: null })).toEqual({
    certificate: "C",
    key: "K",
    expires: Date.UTC(2026, 0, 1),
  });
});

test("arguments, environment, what it is told, and an end instead of a person", async () => {
  const out = testFile("");
  const plugin = script(
    `cat > ${out}; echo "$1 $EXTRA $KUBERNETES_EXEC_INFO" >> ${out}\n${printing({ token: "t" })}`,
  );
  await run(plugin, { args: ["one"], env: [{ name: "EXTRA", value: "two" }], provideClusterInfo: true });
  const [argument, extra, ...info] = readFileSync(out, "utf8").trim().split(" ");
  expect([argument, extra]).toEqual(["one", "two"]);
  expect(JSON.parse(info.join(" "))).toEqual({
    apiVersion: V1,
    kind: "ExecCredential",
    spec: { interactive: false, cluster: { server: "https://a" } },
  });
});

test("commands: relative to the kubeconfig, or by PATH", () => {
  const command = (written: string): string =>
    parseExecPlugin({ apiVersion: V1, command: written }, { ...USER, directory: "/etc/k" }).command;
  expect(command("./bin/plugin")).toBe("/etc/k/bin/plugin");
  expect(command("../plugin")).toBe("/etc/plugin");
  expect(command("/usr/bin/plugin")).toBe("/usr/bin/plugin");
  expect(command("plugin")).toBe("plugin");
});

test.each<[exec: object, found: string]>([
  [
    { interactiveMode: "Always" },
    "x wants to ask a person (interactiveMode: Always); next: use a plugin that asks nobody",
  ],
  [
    { apiVersion: "client.authentication.k8s.io/v1alpha1" },
    "its apiVersion is client.authentication.k8s.io/v1alpha1; next: use a plugin of version client.authentication.k8s.io/v1 or",
  ],
  [{ command: "" }, "command: "],
  [{ args: [1] }, "args.0: "],
])("%j is refused before it is run", (exec, found) => {
  const parse = (): unknown =>
    parseExecPlugin({ apiVersion: V1, command: "x", ...exec }, { ...USER, directory: "/" });
  expect(parse).toThrow(ConnectionError);
  expect(parse).toThrow(`read exec of user "jane" of /config: ${found}`);
});

test.each<[what: string, body: string, found: string]>([
  [
    "fails",
    "echo first; echo 'log in first' >&2; exit 3",
    "it failed with exit code 3; it said: log in first; next: run",
  ],
  ["fails in silence", "exit 1", "it failed with exit code 1; it said nothing"],
  [
    "prints no JSON",
    "echo hello; echo why >&2",
    "what it printed is no ExecCredential; it said: why; next: see",
  ],
  ["answers in another version", printing({ token: "t" }, "x/v9"), "it answered in x/v9"],
  ["gives nothing", printing({}), "it gave neither a token nor a client certificate"],
  [
    "gives half",
    printing({ clientKeyData: "K" }),
    "it gave only one of clientCertificateData and clientKeyData",
  ],
  [
    "has a bad date",
    printing({ token: "t", expirationTimestamp: "soon" }),
    'its expirationTimestamp is no date: "soon"',
  ],
  ["prints for ever", "yes", "it printed more than 1 MiB"],
])("a plugin that %s", async (_what, body, found) => {
  const command = script(body);
  expect(await message(run(command))).toStartWith(
    `get credentials from ${command} (exec of user "jane" of /config): ${found}`,
  );
});

test("a plugin that is not there, and the hint how to get it", async () => {
  expect(await message(run("/no/such/plugin"))).toEndWith(
    "there is no such program; next: install /no/such/plugin, or correct its path in the kubeconfig",
  );
  expect(await message(run("/no/such/plugin", { installHint: "apt install it" }))).toEndWith(
    "; next: apt install it",
  );
  expect(await message(run(testFile("")))).toContain("it could not be run (EACCES)");
});

test("a plugin that cannot be started", async () => {
  const noInterpreter = testFile("echo hello\n");
  chmodSync(noInterpreter, 0o755);
  expect(await message(run(noInterpreter))).toBe(
    `get credentials from ${noInterpreter} (exec of user "jane" of /config): it is neither a program for this machine nor a script that names its interpreter (ENOEXEC); next: begin a script with a line like #!/bin/sh, or install the program built for this machine`,
  );
  const command = script(printing({ token: "t" }));
  expect(await message(run(command, { args: ["x".repeat(200_000)] }))).toEndWith(
    ": its arguments and environment are too long for this system (E2BIG); next: shorten args and env of the exec in the kubeconfig, or leave out provideClusterInfo",
  );
  const nul =
    ": its command, arguments or environment hold a NUL character; next: take the NUL character out of the exec in the kubeconfig";
  expect(await message(run(command, { args: ["secret\0"] }))).toEndWith(nul);
  expect(await message(run(command, { env: [{ name: "A", value: "secret\0" }] }))).toEndWith(nul);
});

test("a plugin that hangs is stopped", async () => {
  const command = script("echo waiting >&2; exec sleep 60");
  expect(await message(run(command, {}, 300))).toContain(
    "it was not done after 0.3 s and was stopped; it said: waiting; next: run it by hand",
  );
});

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
