import { join } from "node:path";
import type { Place } from "../../../demo/lab/lab.ts";
import type { DialReport, DialTarget } from "./dialler.ts";

/** Connections that are opened inside a place. */
export interface Dialler extends Disposable {
  /** Ends it and gives its count. */
  stop(): Promise<DialReport>;
}

export function startDialler(place: Place, targets: readonly DialTarget[]): Dialler {
  const command = [process.execPath, join(import.meta.dir, "dialler.ts"), JSON.stringify(targets)];
  const child = place.network.run(() =>
    Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }),
  );
  return {
    stop: async () => {
      await child.stdin.end();
      return (await child.stdout.json()) as DialReport;
    },
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}
