import { expect, test } from "bun:test";
import type { Answer, Request } from "../../handshake/messages.ts";
import { type Caller, openConnection, type PluginConnection } from "./plugin-connection.ts";
import { testRecord } from "./test-records.ts";
import { until } from "../test-parts.ts";

interface Bench {
  readonly connection: PluginConnection;
  /** What was answered so far. */
  readonly answers: () => unknown[];
  readonly asked: { readonly request: Request; readonly caller: Caller; readonly end: () => void }[];
  readonly strange: string[];
  readonly closed: () => boolean;
  /** How many bytes the other end takes from now on. */
  readonly room: (bytes: number) => void;
}

function bench(): Bench {
  const asked: Bench["asked"] = [];
  const strange: string[] = [];
  let [written, room, closed] = ["", Number.POSITIVE_INFINITY, false];
  const connection = openConnection({
    end: {
      write(bytes) {
        const taken = Math.min(room, bytes.length);
        room -= taken;
        written += Buffer.from(bytes.subarray(0, taken)).toString();
        return taken;
      },
      close: () => (closed = true),
    },
    answer: (request, caller) => {
      const { promise, resolve: end } = Promise.withResolvers<void>();
      asked.push({ request, caller, end });
      return promise;
    },
    strange: (why) => strange.push(why),
  });
  return {
    connection,
    answers: () => {
      const lines = written.split("\n");
      return lines.slice(0, -1).map((text) => JSON.parse(text) as unknown);
    },
    asked,
    strange,
    closed: () => closed,
    room: (bytes) => void (room = bytes),
  };
}

function line(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

const STATE = { version: 1, kind: "state" };

test("a request may come in pieces, in the middle of a letter even", () => {
  const { connection, asked } = bench();
  const record = testRecord("c1", { namespacePath: "/run/netns/ü" });
  for (const byte of line({ version: 1, kind: "add", record })) connection.data(Uint8Array.of(byte));
  expect(asked.map(({ request }) => request)).toEqual([{ version: 1, kind: "add", record }]);
});

test("the next request waits for the end of the one before", async () => {
  const { connection, asked, answers } = bench();
  connection.data(Buffer.concat([line(STATE), line({ version: 1, kind: "node" })]));
  expect(asked).toHaveLength(1);
  asked[0]?.caller.tell({ kind: "state" });
  asked[0]?.end();
  await until(() => asked.length === 2);
  expect(asked[1]?.request.kind).toBe("node");
  expect(answers()).toEqual([{ kind: "state" }]);
});

test.each([
  ["garbage", "garbage\n", "it is not JSON"],
  ["nothing", "\n", "it is not JSON"],
  ["a number", "7\n", "Invalid type: Expected Object but received 7"],
  ["a later version", '{"version":2,"kind":"state"}\n', "version: Invalid type: Expected 1 but received 2"],
  [
    "another kind",
    '{"version":1,"kind":"dance"}\n',
    'kind: Invalid type: Expected ("state" | "node" | "add"',
  ],
  ["no container", '{"version":1,"kind":"check"}\n', "containerId: Invalid key"],
  [
    "a bad address",
    `${JSON.stringify({ version: 1, kind: "add", record: { ...testRecord("c1"), addresses: ["10.0.0.256"] } })}\n`,
    "record.addresses.0: expected an address",
  ],
])("%s is misunderstood, and the next request is served", async (_, text, why) => {
  const { connection, asked, answers, strange } = bench();
  connection.data(Buffer.from(text));
  connection.data(line(STATE));
  await until(() => asked.length === 1);
  expect(answers()).toEqual([{ kind: "misunderstood", understood: [1] }]);
  expect(strange).toHaveLength(1);
  expect(strange[0]).toContain(why);
});

test("who is misunderstood again and again is cut off", async () => {
  const { connection, closed, answers, strange } = bench();
  const later = line({ version: 2, kind: "state" });
  connection.data(Buffer.concat([later, later, later, later]));
  expect(closed()).toBe(false);
  connection.data(Buffer.concat([later, later]));
  expect(closed()).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(answers()).toHaveLength(5);
  expect(strange).toHaveLength(5);
});

test("a flood of requests leaves others their turns", async () => {
  let served = 0;
  let closed = false;
  const connection = openConnection({
    end: { write: (bytes) => bytes.length, close: () => (closed = true) },
    answer: async () => void served++,
    strange: () => {},
  });
  connection.data(Buffer.alloc(30_000, line(STATE)));
  const inTurns: number[] = [];
  for (let before = -1; before < served;) {
    before = served;
    await new Promise((resolve) => setImmediate(resolve));
    inTurns.push(served - before);
  }
  expect(served).toBe(Math.floor(30_000 / line(STATE).length));
  expect(Math.max(...inTurns)).toBeLessThanOrEqual(50);
  expect(closed).toBe(false);
});

test("who sends a megabyte and asks nothing is cut off", () => {
  const { connection, closed, asked } = bench();
  const chunk = Buffer.alloc(64 * 1024, "x");
  for (let chunks = 0; chunks < 16; chunks++) connection.data(chunk);
  expect(closed()).toBe(false);
  connection.data(chunk);
  expect(closed()).toBe(true);
  connection.data(line(STATE));
  expect(asked).toEqual([]);
});

test("who asks and asks while nothing is answered is cut off", () => {
  const { connection, closed } = bench();
  const many = Buffer.alloc(32 * 1024, '{"version":1,"kind":"state"}\n');
  for (let times = 0; times < 33; times++) connection.data(many);
  expect(closed()).toBe(true);
});

test("a slow reader gets everything in the end", () => {
  const { connection, asked, answers, room } = bench();
  room(3);
  connection.data(line(STATE));
  const answer: Answer = { kind: "waiting", for: "the datastore" };
  asked[0]?.caller.tell(answer);
  expect(answers()).toEqual([]);
  room(1_000);
  connection.drain();
  expect(answers()).toEqual([answer]);
});

test("who reads nothing at all is cut off", () => {
  const { connection, asked, closed, room } = bench();
  room(0);
  connection.data(line(STATE));
  const answer: Answer = { kind: "waiting", for: "x".repeat(100_000) };
  for (let times = 0; times < 11; times++) asked[0]?.caller.tell(answer);
  expect(closed()).toBe(true);
  expect(asked[0]?.caller.gone.aborted).toBe(true);
});

test("a connection that closes ends what it waited for, and begins nothing more", async () => {
  const { connection, asked, answers } = bench();
  connection.data(Buffer.concat([line(STATE), line(STATE)]));
  connection.closed();
  expect(asked[0]?.caller.gone.aborted).toBe(true);
  asked[0]?.caller.tell({ kind: "state" });
  asked[0]?.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(1);
  expect(answers()).toEqual([]);
});
