import { expect, test } from "bun:test";
import { type LogSink, openLog } from "./log.ts";

const NOW = (): Date => new Date(0);

/** A reader that takes nothing until it is told to. */
function stalledSink(): LogSink & { readonly chunks: string[]; read(): void } {
  const chunks: string[] = [];
  let stall = Promise.withResolvers<void>();
  return {
    chunks,
    write: (chunk) => chunks.push(chunk),
    flush: () => stall.promise,
    read: () => {
      stall.resolve();
      stall = Promise.withResolvers<void>();
      stall.resolve();
    },
  };
}

function collectingSink(): LogSink & { readonly chunks: string[] } {
  const chunks: string[] = [];
  return { chunks, write: (chunk) => chunks.push(chunk), flush: () => 0 };
}

test("a line is JSON with time, level, message and fields", async () => {
  const sink = collectingSink();
  const log = openLog({ sink, level: "info", now: NOW });
  log.write("info", "in sync", { policies: 3 });
  await log.flush(1_000);
  expect(sink.chunks).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"in sync","policies":3}\n',
  ]);
});

test("lines below the level are not written, and none writes nothing", async () => {
  const sink = collectingSink();
  const warnings = openLog({ sink, level: "warning" });
  warnings.write("info", "quiet");
  openLog({ sink, level: "none" }).write("fatal", "quiet");
  await warnings.flush(1_000);
  expect(sink.chunks).toEqual([]);
});

test("a stalled reader costs lines beyond the capacity, counted when it reads on", async () => {
  const sink = stalledSink();
  const log = openLog({ sink, level: "debug", now: NOW, capacity: 1_000 });
  for (let line = 0; line < 100; line++) log.write("info", `line ${line}`);
  await log.flush(1);
  sink.read();
  await log.flush(1_000);
  const lines = sink.chunks.join("").trimEnd().split("\n");
  const kept = lines.length - 1;
  expect(kept).toBeGreaterThan(5);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "line 0" });
  expect(JSON.parse(lines.at(-2) ?? "")).toMatchObject({ message: `line ${kept - 1}` });
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ level: "warning", lost: 100 - kept });
});

test("a flush gives up on a reader that never reads", async () => {
  const log = openLog({ sink: stalledSink(), level: "info" });
  log.write("info", "nobody reads this");
  await log.flush(1);
});

test("a sink that fails does not reach the caller", async () => {
  const sink: LogSink = {
    write: () => {
      throw new Error("EPIPE");
    },
    flush: () => 0,
  };
  const log = openLog({ sink, level: "info" });
  log.write("info", "lost");
  await log.flush(1_000);
});

test("no line is left behind, however the turns of the loop fall", async () => {
  const sink = collectingSink();
  const log = openLog({ sink, level: "info" });
  for (let turns = 0; turns < 10; turns++) {
    log.write("info", "first");
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    log.write("info", "second");
    await log.flush(1_000);
    expect(sink.chunks.join("").split("\n")).toHaveLength(2 * turns + 3);
  }
});
