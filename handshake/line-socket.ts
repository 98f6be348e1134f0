/** A connection over which lines go both ways. */
export interface LineSocket {
  send(line: string): void;
  /** The next line; waits for it. Rejects once the other side is gone, or says more than anybody would. */
  line(): Promise<string>;
  close(): void;
}

/** No answer comes near: whoever sends more is no agent. */
const MOST_CHARACTERS = 1024 * 1024;

/** The other side went away, or was never there. */
export class LineSocketError extends Error {
  override readonly name = "LineSocketError";
}

/** Connects to a unix socket. Rejects with what the system says, or with LineSocketError. */
export async function openLineSocket(path: string): Promise<LineSocket> {
  const decoder = new TextDecoder();
  const lines: string[] = [];
  let rest = "";
  let unsent: Uint8Array = new Uint8Array(0);
  let ended: LineSocketError | undefined;
  let wake = Promise.withResolvers<void>();

  function ring(): void {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  }

  function end(why: string): void {
    ended ??= new LineSocketError(why);
    ring();
  }

  function flush(socket: { write(bytes: Uint8Array): number }): void {
    if (unsent.length === 0) return;
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  }

  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_, bytes) {
        const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = parts.pop() ?? "";
        lines.push(...parts);
        if (rest.length > MOST_CHARACTERS) end("it sends a line without end");
        else ring();
      },
      drain: flush,
      close: () => end("it closed the connection"),
      error: (_, error) => end(error.message),
    },
  });

  return {
    send(line) {
      unsent = Buffer.concat([unsent, Buffer.from(`${line}\n`)]);
      flush(socket);
    },
    async line() {
      for (;;) {
        const next = lines.shift();
        if (next !== undefined) return next;
        if (ended !== undefined) throw ended;
        await wake.promise;
      }
    },
    close() {
      end("it was closed here");
      socket.end();
    },
  };
}
