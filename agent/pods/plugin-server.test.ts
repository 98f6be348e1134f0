import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAgent } from "../../handshake/agent-client.ts";
import { runPaths } from "../../handshake/run-paths.ts";
import { type PluginServer, type PluginServerOptions, servePlugin } from "./plugin-server.ts";
import { collectedLog, until } from "../test-parts.ts";

let directory = "";
let paths = runPaths();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tortie-socket-"));
  paths = runPaths(join(directory, "run"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function serve(
  options: Partial<PluginServerOptions> = {},
): PluginServer & { messages(): string[]; text(): string } {
  const { log, messages, text } = collectedLog();
  const server = servePlugin({
    paths,
    answer: async (_, caller) => caller.tell({ kind: "state", waitingFor: "a test" }),
    log,
    lookMilliseconds: 5,
    peerUser: () => 0,
    ...options,
  });
  return {
    get trouble() {
      return server.trouble;
    },
    listening: server.listening,
    messages: () => messages(),
    text: () => text(),
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}

async function ask(): Promise<string> {
  using agent = openAgent(paths.socket, { retryMilliseconds: 5 });
  const answer = await agent.request({ kind: "state" }, { milliseconds: 4_000 });
  return answer.kind === "state" ? String(answer.waitingFor) : answer.kind;
}

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

test("it listens at once, for root alone, and takes its socket away at the end", async () => {
  const umask = process.umask();
  const server = serve();
  expect([mode(paths.directory), mode(paths.socket)]).toEqual([0o700, 0o600]);
  expect(process.umask()).toBe(umask);
  expect(await ask()).toBe("a test");
  server[Symbol.dispose]();
  expect(existsSync(paths.socket)).toBe(false);
});

test("a socket that a killed agent left is replaced", async () => {
  mkdirSync(paths.directory);
  const leave = `Bun.listen({ unix: ${JSON.stringify(paths.socket)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`;
  Bun.spawnSync([process.execPath, "--eval", leave]);
  expect(existsSync(paths.socket)).toBe(true);
  using server = serve();
  expect(await ask()).toBe("a test");
  expect(server.trouble).toBeUndefined();
});

test("while another agent answers it waits, says so once, and takes over when that one ends", async () => {
  const other = serve({
    answer: async (_, caller) => caller.tell({ kind: "state", waitingFor: "the other" }),
  });
  using server = serve();
  await until(() => server.trouble !== undefined);
  expect(server.trouble).toBe(`somebody else answers on ${paths.socket}: another agent? next: stop it`);
  expect(await ask()).toBe("the other");
  other[Symbol.dispose]();
  await until(() => server.trouble === undefined);
  expect(await ask()).toBe("a test");
  expect(server.messages()).toEqual(["the CNI plugin cannot call", "the CNI plugin can call"]);
});

test("a directory that cannot be is told, and served once it can", async () => {
  writeFileSync(paths.directory, "in the way");
  using server = serve();
  await until(() => server.trouble !== undefined);
  expect(server.trouble).toStartWith(`cannot listen on ${paths.socket}: the system says `);
  let isListening = false;
  const listening = server.listening.then(() => (isListening = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isListening).toBe(false);
  rmSync(paths.directory);
  await listening;
  expect(await ask()).toBe("a test");
});

test("a socket that somebody takes away comes back", async () => {
  using server = serve();
  rmSync(paths.socket);
  expect(await ask()).toBe("a test");
  expect(server.trouble).toBeUndefined();
});

test("who is not root is turned away, and it is told", async () => {
  let user = 65_534;
  using server = serve({ peerUser: () => user });
  const asking = ask();
  await until(() => server.text().includes('"user":65534'));
  user = 0;
  expect(await asking).toBe("a test");
});

test("a storm of connections is served, whoever of them leaves in the middle", async () => {
  using server = serve();
  const leaving = Array.from({ length: 200 }, async () => {
    const socket = await Bun.connect({ unix: paths.socket, socket: { data() {} } }).catch(() => undefined);
    socket?.write('{"version":1,"ki');
    socket?.end();
  });
  const asking = Array.from({ length: 200 }, ask);
  expect(new Set(await Promise.all(asking))).toEqual(new Set(["a test"]));
  await Promise.all(leaving);
  expect(server.trouble).toBeUndefined();
});
