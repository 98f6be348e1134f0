import { closeDescriptor, openEvent, raiseEvent } from "./libc.ts";
import type { StopWaiting, Waiting } from "./waiting.ts";

/** What the Worker is told, once. */
export interface PollOrder {
  readonly fd: number;
  /** Readable: time to end. */
  readonly stop: number;
}

/** What the Worker says. After `lost` and after a stop it has closed `fd`. */
export type PollReport =
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  | { readonly kind: "lost"; readonly reason: string };

/** Waits in a thread of its own that blocks in poll(2): a few megabytes, and 0.05 ms from the kernel to us. */
export async function waitByWorker({ fd, received, lost }: Waiting): Promise<StopWaiting> {
  const stop = openEvent();
  const worker = new Worker(new URL("poll-worker.ts", import.meta.url).href);
  worker.addEventListener("message", ({ data }: MessageEvent<PollReport>) => {
    if (data.kind === "received") received(data.bytes);
    else lost(data.reason);
  });
  worker.addEventListener("error", ({ message }) => lost(message));
  worker.addEventListener("close", () => {
    closeDescriptor(stop);
    lost("the thread that polls has ended");
  });
  worker.postMessage({ fd, stop } satisfies PollOrder, []);
  return () => raiseEvent(stop);
}
