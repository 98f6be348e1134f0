/**
 * `ask-process.ts QUESTIONS`: asks pods over HTTP, all at once, in the network namespace that it was started in. Prints the
 * answers as a list of JSON; null where none came. A process of its own, since sockets are made later than they are asked for.
 */
import { connect } from "node:net";
import type { Question } from "./ask.ts";

/** Long beside what an answer takes, and shorter than the kernel waits before it asks for a second time. */
const SILENCE_MILLISECONDS = 900;

function ask({ from, to, port = 80 }: Question): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connect({ host: to, port, ...(from !== undefined && { localAddress: from }) });
  let text = "";
  const end = (answer: string | null): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve(answer);
  };
  const timer = setTimeout(() => end(null), SILENCE_MILLISECONDS);
  socket.on("connect", () => void socket.write("GET /cgi-bin/who HTTP/1.0\r\n\r\n"));
  socket.on("data", (bytes: Buffer) => void (text += bytes.toString()));
  socket.on("error", () => end(null));
  socket.on("close", () => end(/\n\[?(?:::ffff:)?([0-9a-f.:]+)\]?\n$/.exec(text)?.[1] ?? null));
  return promise;
}

const questions = JSON.parse(process.argv[2] ?? "[]") as Question[];
process.stdout.write(JSON.stringify(await Promise.all(questions.map(ask))));
