import { join } from "node:path";
import type { Place } from "../../../demo/lab/lab.ts";
import type { FloodFlow, FloodReport } from "./flood.ts";

/** A sender at work inside a place. */
export interface Flood extends Disposable {
  /** Ends it and gives its count. */
  stop(): Promise<FloodReport>;
}

export function startFlood(place: Place, flows: readonly FloodFlow[], packetsPerSecond: number): Flood {
  const command = [join(import.meta.dir, "flood.ts"), JSON.stringify(flows), String(packetsPerSecond)];
  const child = place.network.run(() =>
    Bun.spawn([process.execPath, ...command], { stdin: "pipe", stdout: "pipe", stderr: "inherit" }),
  );
  return {
    stop: async () => {
      await child.stdin.end();
      return (await child.stdout.json()) as FloodReport;
    },
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}
