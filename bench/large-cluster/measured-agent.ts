// The agent with a clock beside it: on SIGUSR2 it tells the longest time that its event loop did not turn since it was asked last.
import { writeFileSync } from "node:fs";
import { startWithSlowHeapGrowth } from "../../agent/heap-growth.ts";

const EVERY_MILLISECONDS = 2;
const file = process.env["TORTIE_BENCH_GAPS"] ?? "/dev/null";

startWithSlowHeapGrowth();
// Loading the program is no gap in its work.
const { agentMain } = await import("../../agent/main.ts");
let last = performance.now();
let longest = 0;
setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - EVERY_MILLISECONDS);
  last = now;
}, EVERY_MILLISECONDS).unref();
process.on("SIGUSR2", () => {
  writeFileSync(file, `${longest}\n`);
  longest = 0;
});

process.exit(await agentMain([], "bench"));
