import { closeDescriptor, pollReadable, receiveBytes } from "./libc.ts";
import { SystemCallError } from "./system-call-error.ts";
import type { PollOrder, PollReport } from "./wait-by-worker.ts";

declare const self: Worker;

const buffer = new Uint8Array(262_144);

function report(one: PollReport): void {
  self.postMessage(one, one.kind === "received" ? [one.bytes.buffer as ArrayBuffer] : []);
}

function pollUntilStopped({ fd, stop }: PollOrder): void {
  for (;;) {
    if (pollReadable([fd, stop], -1).includes(stop)) return;
    for (;;) {
      const length = receiveBytes(fd, buffer);
      if (length === undefined) break;
      report({ kind: "received", bytes: buffer.slice(0, length) });
    }
  }
}

self.addEventListener("message", ({ data: order }: MessageEvent<PollOrder>) => {
  try {
    pollUntilStopped(order);
  } catch (error) {
    report({ kind: "lost", reason: error instanceof SystemCallError ? error.code : String(error) });
  }
  closeDescriptor(order.fd);
  process.exit(0);
});
