export const LOG_LEVELS = ["debug", "info", "warning", "error", "fatal"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void;
  /** Ends when everything has been taken by the reader, or after `milliseconds`. */
  flush(milliseconds: number): Promise<void>;
}

/** Where lines go. `flush` gives a promise while the reader has not taken everything: nothing here ever blocks. */
export interface LogSink {
  write(chunk: string): unknown;
  flush(): unknown;
}

export interface LogOptions {
  readonly sink: LogSink;
  /** Lines below this level are not written; `none` writes nothing. */
  readonly level: LogLevel | "none";
  readonly now?: () => Date;
  /** Most characters that wait for a slow reader; lines beyond are counted and dropped. */
  readonly capacity?: number;
}

// Bun's sink buffers without bound, so it is handed this much at a time and waited for.
const CHUNK_CHARACTERS = 64 * 1024;
const DEFAULT_CAPACITY = 1024 * 1024;

/** Standard output as a sink. A console, and process.stdout, would block or buffer without bound on a stalled pipe. */
export function standardOutput(): LogSink {
  return Bun.stdout.writer();
}

/**
 * JSON lines `{"time","level","message",...fields}` through a bounded queue. A reader that stalls costs lines, which are
 * counted in a line of their own once it reads on, and never stops the caller.
 */
export function openLog({
  sink,
  level,
  now = () => new Date(),
  capacity = DEFAULT_CAPACITY,
}: LogOptions): Log {
  const lowest = level === "none" ? LOG_LEVELS.length : LOG_LEVELS.indexOf(level);
  let queue: string[] = [];
  let waiting = 0;
  let dropped = 0;
  let pumping = false;
  let pumped: Promise<void> = Promise.resolve();

  function render(lineLevel: LogLevel, message: string, fields: LogFields): string {
    return `${JSON.stringify({ time: now().toISOString(), level: lineLevel, message, ...fields })}\n`;
  }

  function nextChunk(): string {
    let end = 0;
    let length = 0;
    while (end < queue.length && length < CHUNK_CHARACTERS) length += queue[end++]?.length ?? 0;
    let chunk = queue.slice(0, end).join("");
    queue = queue.slice(end);
    waiting -= length;
    if (queue.length === 0 && dropped > 0) {
      chunk += render("warning", "log lines lost: nobody read them in time", { lost: dropped });
      dropped = 0;
    }
    return chunk;
  }

  async function pump(): Promise<void> {
    pumping = true;
    while (queue.length > 0 || dropped > 0) {
      try {
        sink.write(nextChunk());
        await sink.flush();
      } catch {
        // Nobody can be told that nobody listens; the lines are lost, the agent is not.
      }
    }
    // Here and not in a later turn: a line written between the two would be left behind.
    pumping = false;
  }

  function write(lineLevel: LogLevel, message: string, fields: LogFields = {}): void {
    if (LOG_LEVELS.indexOf(lineLevel) < lowest) return;
    const line = render(lineLevel, message, fields);
    if (waiting + line.length > capacity) {
      dropped++;
    } else {
      queue.push(line);
      waiting += line.length;
    }
    if (!pumping) pumped = pump();
  }

  async function flush(milliseconds: number): Promise<void> {
    const { promise: deadline, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    await Promise.race([pumped, deadline]);
    clearTimeout(timer);
  }

  return { write, flush };
}
