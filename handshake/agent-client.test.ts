import { expect, test } from "bun:test";
import { AgentError, openAgent } from "./agent-client.ts";
import { type Caller, startTestAgent } from "./test-agent.ts";

const LONG = { milliseconds: 60_000 };
const NODE = { name: "n-1", podCidrs: ["10.0.0.0/24"], mtu: 1450 };

async function failure(promise: Promise<unknown>): Promise<{ kind: string; message: string }> {
  try {
    return { kind: "none", message: JSON.stringify(await promise) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { kind: error.kind, message: error.message };
  }
}

test("request: gives the answer, and names its version", async () => {
  using agent = startTestAgent((_, caller) => caller.say({ kind: "node", node: NODE }));
  using client = openAgent(agent.path);
  expect(await client.request({ kind: "node" }, LONG)).toEqual({ kind: "node", node: NODE } as never);
  expect(agent.requests).toEqual([{ kind: "node", version: 1 }]);
});

test("request: tells what the agent waits for, and waits for the end of it", async () => {
  using agent = startTestAgent((_, caller) => {
    caller.say({ kind: "waiting", for: "the list of pods" });
    caller.say('{"kind":"waiting",');
    caller.say('"for":"the kernel"}\n{"kind":"deleted"}\n');
  });
  using client = openAgent(agent.path);
  const waits: string[] = [];
  const answer = await client.request(
    { kind: "delete", containerId: "c1" },
    { ...LONG, onWaiting: (what) => waits.push(what) },
  );
  expect(answer).toEqual({ kind: "deleted" });
  expect(waits).toEqual(["the list of pods", "the kernel"]);
});

test("request: asked for the present, waiting is an answer", async () => {
  using agent = startTestAgent((_, caller) => caller.say({ kind: "waiting", for: "the kernel" }));
  using client = openAgent(agent.path);
  const answer = await client.request({ kind: "check", containerId: "c1" }, LONG);
  expect(answer).toEqual({ kind: "waiting", for: "the kernel" });
});

test("request: one connection serves several requests", async () => {
  using agent = startTestAgent((_, caller) => caller.say({ kind: "deleted" }));
  using client = openAgent(agent.path);
  for (const containerId of ["c1", "c2"]) await client.request({ kind: "delete", containerId }, LONG);
  expect(agent.requests.map(({ containerId }) => containerId)).toEqual(["c1", "c2"]);
  expect(agent.connections).toBe(1);
});

test("request: an agent that is not there yet is waited for", async () => {
  using agent = startTestAgent((_, caller) => caller.say({ kind: "node", node: NODE }));
  agent.stop();
  using client = openAgent(agent.path, { retryMilliseconds: 1 });
  const asked = client.request({ kind: "node" }, LONG);
  await Bun.sleep(5);
  agent.start();
  expect((await asked).kind).toBe("node");
});

test("request: asks again where the agent goes away over it, and once more between two requests", async () => {
  let calls = 0;
  using agent = startTestAgent((_, caller) => {
    calls++;
    if (calls === 1) caller.hangUp();
    else caller.say({ kind: "programmed" });
  });
  using client = openAgent(agent.path, { retryMilliseconds: 1 });
  expect((await client.request({ kind: "node" }, LONG)).kind).toBe("programmed");
  agent.stop();
  agent.start();
  expect((await client.request({ kind: "node" }, LONG)).kind).toBe("programmed");
  expect(calls).toBe(3);
});

test("request: nobody there until the time is over", async () => {
  using agent = startTestAgent(() => undefined);
  agent.stop();
  using client = openAgent(agent.path, { retryMilliseconds: 1 });
  expect(await failure(client.request({ kind: "node" }, { milliseconds: 20 }))).toEqual({
    kind: "absent",
    message: `no agent answers at ${agent.path} (ENOENT)`,
  });
});

test("request: who asks but once does not wait for an agent that is not there, or goes away", async () => {
  using agent = startTestAgent((_, caller) => caller.hangUp());
  using client = openAgent(agent.path);
  const once = { ...LONG, again: false };
  expect((await failure(client.request({ kind: "node" }, once))).message).toEndWith(
    "(it closed the connection)",
  );
  agent.stop();
  expect((await failure(client.request({ kind: "node" }, once))).message).toEndWith("(ENOENT)");
  expect(agent.connections).toBe(1);
});

test("request: an agent that does not get ready in time is told of in its own words", async () => {
  using agent = startTestAgent((_, caller) => caller.say({ kind: "waiting", for: "the list of pods" }));
  using client = openAgent(agent.path);
  let found = { kind: "silent", message: "" };
  // On a busy machine the agent may not come to word in so little time: then it gets more.
  for (let milliseconds = 20; found.kind === "silent"; milliseconds *= 2)
    found = await failure(client.request({ kind: "node" }, { milliseconds }));
  expect(found).toEqual({ kind: "waiting", message: "the list of pods" });
});

test("request: an answer that comes too late is not the next request's", async () => {
  const late: Caller[] = [];
  using agent = startTestAgent((request, caller) => {
    if (request["kind"] === "node") late.push(caller);
    else caller.say({ kind: "deleted" });
  });
  using client = openAgent(agent.path);
  while (late.length === 0) {
    expect(await failure(client.request({ kind: "node" }, { milliseconds: 20 }))).toEqual({
      kind: "silent",
      message: `the agent at ${agent.path} does not answer`,
    });
  }
  late.at(-1)?.say({ kind: "node", node: NODE });
  expect((await client.request({ kind: "delete", containerId: "c1" }, LONG)).kind).toBe("deleted");
});

test("request: the caller may give up", async () => {
  const controller = new AbortController();
  using agent = startTestAgent(() => controller.abort());
  using client = openAgent(agent.path);
  const stopped = { kind: "aborted", message: "it was told to stop" };
  const options = { ...LONG, signal: controller.signal };
  expect(await failure(client.request({ kind: "node" }, options))).toEqual(stopped);
  expect(await failure(client.request({ kind: "node" }, options))).toEqual(stopped);
});

test("request: ends when the client is closed, and asks nobody afterwards", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  using agent = startTestAgent(() => resolve());
  const client = openAgent(agent.path, { retryMilliseconds: 1 });
  const answer = failure(client.request({ kind: "node" }, LONG));
  await asked;
  client[Symbol.dispose]();
  expect(await answer).toEqual({
    kind: "absent",
    message: `no agent answers at ${agent.path} (it was closed here)`,
  });
  expect(agent.requests).toHaveLength(1);
});

test("request: an agent that speaks another version says which", async () => {
  using agent = startTestAgent((_, caller) => caller.say({ kind: "misunderstood", understood: [2, 3] }));
  using client = openAgent(agent.path);
  expect(await failure(client.request({ kind: "node" }, LONG))).toEqual({
    kind: "misunderstood",
    message: `the agent at ${agent.path} speaks version 2 and 3 of the language between them, this plugin version 1`,
  });
});

test.each([
  ["HTTP/1.1 400 Bad Request\n", "what listens at the agent's socket does not answer in JSON"],
  ['{"kind":"yes"}\n', "what listens at the agent's socket gives an answer that no agent gives"],
])("request: %j is no answer", async (line, message) => {
  using agent = startTestAgent((_, caller) => caller.say(line));
  using client = openAgent(agent.path);
  expect(await failure(client.request({ kind: "node" }, LONG))).toEqual({ kind: "garbled", message });
});
