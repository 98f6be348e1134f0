import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** Resolves at once, or when the frozen server thaws. */
export type Gate = () => Promise<void>;

/** Writes one answer's body, with its fault. */
export class BodyWriter {
  readonly #response: ServerResponse;
  readonly #fault: Fault | undefined;
  readonly #gate: Gate;
  #written = 0;
  #ended = false;
  readonly #closed = Promise.withResolvers<void>();

  constructor(response: ServerResponse, fault: Fault | undefined, gate: Gate) {
    this.#response = response;
    this.#fault = fault;
    this.#gate = gate;
    response.on("close", () => {
      this.#ended = true;
      this.#closed.resolve();
    });
  }

  onClose(listener: () => void): void {
    this.#response.on("close", listener);
  }

  /** Whether anybody is still reading. */
  get open(): boolean {
    return !this.#ended;
  }

  /** The head leaves at once: clients of a quiet watch wait for it. */
  async begin(status: number, headers: Readonly<Record<string, string>>): Promise<void> {
    await this.#gate();
    if (!this.open) return;
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
  }

  async write(text: string): Promise<void> {
    await this.#gate();
    let bytes: Uint8Array = Buffer.from(text);
    const fault = this.#fault;
    const left = fault !== undefined && "afterBytes" in fault ? (fault.afterBytes ?? 0) - this.#written : 0;
    if (fault === undefined || fault.kind === "status" || fault.kind === "freeze") return this.#send(bytes);
    if (fault.kind === "slow") {
      for (; bytes.length > 0 && this.open; bytes = bytes.subarray(fault.bytes)) {
        await this.#send(bytes.subarray(0, fault.bytes));
        await pause(fault.everyMilliseconds);
      }
      return undefined;
    }
    if (left < 0 || left >= bytes.length) return this.#send(bytes);
    await this.#send(bytes.subarray(0, left));
    if (fault.kind === "garbage") {
      this.#response.write(fault.text);
      return this.#send(bytes.subarray(left));
    }
    // The written part has to be on its way before the connection is closed.
    await pause(1);
    if (fault.kind === "break") this.#response.socket?.destroy();
    if (fault.kind === "truncate") this.#response.end();
    if (fault.kind === "stall") await this.#closed.promise;
    this.#ended = true;
    return undefined;
  }

  end(): void {
    if (this.open) this.#response.end();
    this.#ended = true;
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (!this.open || bytes.length === 0) return;
    this.#written += bytes.length;
    if (this.#response.write(bytes)) return;
    await new Promise<void>((done) => {
      const go = (): void => {
        this.#response.off("drain", go).off("close", go);
        done();
      };
      this.#response.on("drain", go).on("close", go);
    });
  }
}
