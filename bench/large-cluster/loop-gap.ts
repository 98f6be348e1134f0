// Loaded into the agent before anything else: tells the longest time between two turns of its event loop.
import { writeFileSync } from "node:fs";

const EVERY_MILLISECONDS = 2;
const file = process.env["TORTIE_BENCH_GAPS"] ?? "/dev/null";
let last = performance.now();
let longest = 0;

function look(): void {
  const now = performance.now();
  longest = Math.max(longest, now - last - EVERY_MILLISECONDS);
  last = now;
}

setInterval(look, EVERY_MILLISECONDS).unref();
process.on("SIGUSR2", () => {
  writeFileSync(file, `${longest}\n`);
  longest = 0;
});
