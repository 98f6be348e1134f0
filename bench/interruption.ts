import { readdirSync, readFileSync } from "node:fs";

function parentOf(pid: number): number {
  try {
    // The name between the brackets may hold anything, brackets too.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return Number(parent ?? 0);
  } catch {
    return 0;
  }
}

/** Processes that this one started, and those that they started. */
function descendants(): number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))] as const),
  );
  const found = new Set([process.pid]);
  let before = 0;
  while (found.size > before) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(process.pid);
  return [...found];
}

/** On Ctrl-C, or when the terminal goes, everything that was started ends too, then `cleanUp` is called, then this process ends with the signal's code. */
export function endWithChildren(cleanUp: () => void): void {
  for (const [signal, code] of [
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      for (const pid of descendants()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended already.
        }
      }
      cleanUp();
      process.exit(code);
    });
  }
}
