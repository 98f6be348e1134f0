import { expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { ConnectionError } from "./connection-error.ts";
import { type ExecCredential, parseExecPlugin, runExecPlugin } from "./exec-plugin.ts";
import { prepareTests } from "./test-servers.ts";

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

test("what a plugin that hangs has started is stopped with it", async () => {
  const file = testFile("");
  const command = script(`sleep 60 & echo $! > ${file}; wait`);
  expect(await message(run(command, {}, 300))).toContain("it was not done after 0.3 s and was stopped");
  const started = Number(readFileSync(file, "utf8"));
  expect(started).toBeGreaterThan(1);
  // A zombie that nobody waits for has no command line.
  const runs = (): boolean => {
    try {
      return readFileSync(`/proc/${started}/cmdline`, "utf8") !== "";
    } catch {
      return false;
    }
  };
  while (runs()) await Bun.sleep(5);
});

test("a plugin that is ended by a signal", async () => {
  expect(await message(run(script("kill -TERM $$")))).toContain("it was ended by SIGTERM; it said nothing");
});
