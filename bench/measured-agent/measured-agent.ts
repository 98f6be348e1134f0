// The agent with a clock beside it: on SIGUSR2 it tells how the event loop turned since it was asked last.
import { renameSync, writeFileSync } from "node:fs";
import { startWithSlowHeapGrowth } from "../../agent/heap-growth.ts";
import { startLoopClock } from "./loop-clock.ts";

const file = process.env["TORTIE_BENCH_GAPS"] ?? "/dev/null";

startWithSlowHeapGrowth();
// Loading the program is no gap in its work.
const { agentMain } = await import("../../agent/main.ts");
const clock = startLoopClock();
process.on("SIGUSR2", () => {
  writeFileSync(`${file}.new`, JSON.stringify(clock.take()));
  renameSync(`${file}.new`, file);
});

process.exit(await agentMain([], "bench"));
