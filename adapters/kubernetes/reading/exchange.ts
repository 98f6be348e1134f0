import { errorCode } from "../../../model/error-code.ts";
import { type ApiStatus, type Asked, readApiStatus } from "../connection/api-status.ts";
import type { ApiRequest, KubernetesClient } from "../connection/client.ts";
import { ConnectionError } from "../connection/connection-error.ts";
import { BrokenOffError, type Cut } from "./ending.ts";
import type { Pace } from "./pace.ts";
import { pulseOf, type PulseMember } from "./server-pulse.ts";

/** What happens after so long a silence: the exchange is cut off, or something is done and the waiting goes on. */
export interface Alarm {
  /** In milliseconds of performance.now(). */
  readonly at: number;
  readonly ring: Cut | (() => void);
}

export interface ExchangeOptions {
  readonly client: KubernetesClient;
  readonly pace: Pace;
  readonly stopping: AbortSignal;
}

/** One request and its body: ended by the caller, by an alarm, or by the server's missing pulse. */
export class Exchange implements Disposable, PulseMember {
  /** When the server was last heard, in milliseconds of performance.now(). */
  heardAt: number = performance.now();
  readonly #options: ExchangeOptions;
  readonly #controller = new AbortController();
  readonly #stop = (): void => this.cutOff("stopped");
  readonly #leave: () => void;
  #body: AsyncIterator<Uint8Array> | undefined;
  #waiting = false;
  #cut: Cut | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    options.stopping.addEventListener("abort", this.#stop);
    this.#leave = pulseOf(options.client, options.pace).join(this);
    if (options.stopping.aborted) this.#stop();
  }

  /** Why it was cut off; undefined: it was not. */
  get cut(): Cut | undefined {
    return this.#cut;
  }

  get silentSince(): number | undefined {
    return this.#waiting ? this.heardAt : undefined;
  }

  abandon(): void {
    this.cutOff("frozen");
  }

  doubt(): void {
    this.cutOff("doubted");
  }

  cutOff(cut: Cut): void {
    this.#cut ??= cut;
    this.#controller.abort();
  }

  /**
   * Sends the request; undefined: it is answered, and `read` gives the body. Otherwise what was answered instead.
   *
   * @throws ConnectionError where no answer came, anything where it was cut off.
   */
  async open(
    request: Omit<ApiRequest, "signal">,
    asked: Asked,
    alarms: readonly Alarm[] = [],
  ): Promise<ApiStatus | undefined> {
    const { pace } = this.#options;
    const late: Alarm = { at: performance.now() + pace.longestAnswer, ring: "late" };
    const due = (): readonly Alarm[] => [late, ...alarms];
    const response = await this.#hear(this.#request(request), due);
    if (response.status !== 200) return this.#hear(readApiStatus(response, asked), due);
    const body: ReadableStream<Uint8Array> | null = response.body;
    this.#body = body?.[Symbol.asyncIterator]();
    return undefined;
  }

  /** Whatever a client throws, its request was not answered. */
  async #request(request: Omit<ApiRequest, "signal">): Promise<Response> {
    const { client } = this.#options;
    try {
      return await client.request({ ...request, signal: this.#controller.signal });
    } catch (error) {
      if (error instanceof ConnectionError) throw error;
      const tried = `GET ${request.path} of ${client.server}`;
      const found = `the request to ${client.server} failed: ${lossOf(error)}`;
      const next = "see whether the API server is up and its address is right; tries go on";
      throw new ConnectionError("reset", { tried, found, next }, error);
    }
  }

  /**
   * The body's next bytes; undefined: it ended. `alarms` are asked anew after each that rang.
   *
   * @throws BrokenOffError, or anything where it was cut off.
   */
  async read(alarms: () => readonly Alarm[]): Promise<Uint8Array | undefined> {
    if (this.#body === undefined) return undefined;
    try {
      const next = await this.#hear(this.#body.next(), alarms);
      return next.done === true ? undefined : next.value;
    } catch (error) {
      throw new BrokenOffError(lossOf(error), { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#leave();
    this.#options.stopping.removeEventListener("abort", this.#stop);
    // Also where the body was read whole: it costs nothing then.
    this.#controller.abort();
  }

  /** Waits, with one timer for all that may happen meanwhile. */
  async #hear<T>(work: Promise<T>, alarms: () => readonly Alarm[]): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const arm = (): void => {
      const next = alarms().toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || this.#cut !== undefined) return;
      timer = setTimeout(
        () => {
          if (typeof next.ring === "string") this.cutOff(next.ring);
          else next.ring();
          arm();
        },
        Math.max(1, next.at - performance.now()),
      );
    };
    this.#waiting = true;
    arm();
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      this.#waiting = false;
      this.heardAt = performance.now();
    }
  }
}

/** What Bun's fetch says of a connection that was lost, without its advice. */
function lossOf(error: unknown): string {
  const code = errorCode(error) ?? "";
  return code || (error instanceof Error ? error.message : String(error));
}
