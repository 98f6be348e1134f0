import { setImmediate } from "node:timers/promises";
import * as v from "valibot";
import { type Answer, type Request, RequestSchema, UNDERSTOOD_VERSIONS } from "../../handshake/messages.ts";

/** Whoever asked, for as long as it listens. */
export interface Caller {
  /** Fires when the connection closes: nobody waits any more. */
  readonly gone: AbortSignal;
  tell(answer: Answer): void;
}

/** What a connection is made of: Bun's socket, or a test's. */
export interface ConnectionEnd {
  /** Takes as many bytes as it has room for, and says how many. */
  write(bytes: Uint8Array): number;
  close(): void;
}

export interface PluginConnection {
  /** Bytes came. */
  data(bytes: Uint8Array): void;
  /** There is room for more again. */
  drain(): void;
  closed(): void;
}

/** More than this unread, one way or the other, and the connection closes: a request has a few hundred. */
const MOST_BYTES = 1024 * 1024;
/** A plugin of another version asks once and is told which are understood; who goes on is no plugin. */
const MOST_MISUNDERSTOOD = 5;
/** Others get their turn after so many. */
const LINES_A_TURN = 50;

/** A request, or why it is none. */
function readRequest(line: string): Request | string {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    return "it is not JSON";
  }
  const parsed = v.safeParse(RequestSchema, given);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  return `${v.getDotPath(issue) ?? "the request"}: ${issue.message}`;
}

/** Requests come as lines and are answered in turn: the next one waits for the last answer to the one before. */
export function openConnection(options: {
  readonly end: ConnectionEnd;
  readonly answer: (request: Request, caller: Caller) => Promise<void>;
  /** Told of what is no request. */
  readonly strange: (why: string) => void;
}): PluginConnection {
  const { end, answer, strange } = options;
  const closing = new AbortController();
  const decoder = new TextDecoder();
  let lines: string[] = [];
  let rest = "";
  /** Of whole lines that wait for their turn, and of the one that is not whole yet. */
  let unread = 0;
  let unsent: Uint8Array = new Uint8Array(0);
  let working = false;
  let misunderstood = 0;

  function close(): void {
    closing.abort();
    end.close();
  }

  function flush(): void {
    if (unsent.length > 0) unsent = unsent.subarray(Math.max(0, end.write(unsent)));
  }

  function tell(said: Answer): void {
    if (closing.signal.aborted) return;
    unsent = Buffer.concat([unsent, Buffer.from(`${JSON.stringify(said)}\n`)]);
    flush();
    if (unsent.length > MOST_BYTES) close();
  }

  async function serve(): Promise<void> {
    working = true;
    let served = 0;
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
      unread -= line.length + 1;
      if (++served % LINES_A_TURN === 0) await setImmediate();
      if (closing.signal.aborted) break;
      const request = readRequest(line);
      if (typeof request === "string") {
        strange(request);
        tell({ kind: "misunderstood", understood: UNDERSTOOD_VERSIONS });
        if (++misunderstood === MOST_MISUNDERSTOOD) close();
      } else {
        await answer(request, { gone: closing.signal, tell });
      }
      if (closing.signal.aborted) break;
    }
    // Here and not in a later turn: a line that comes between the two would be left behind.
    working = false;
  }

  return {
    data(bytes) {
      if (closing.signal.aborted) return;
      const text = decoder.decode(bytes, { stream: true });
      unread += text.length;
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines = lines.concat(parts);
      if (unread > MOST_BYTES) close();
      else if (!working) void serve();
    },
    drain: flush,
    closed: () => closing.abort(),
  };
}
