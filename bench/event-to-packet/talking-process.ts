import { join } from "node:path";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { eachLine } from "../each-line.ts";

/** A script of this directory in a process of its own, which takes and gives lines of JSON. */
export interface TalkingProcess<Question, Answer> extends AsyncDisposable {
  ask(question: Question): void;
  /** The next line that it gives. Throws where it has ended. */
  next(): Promise<Answer>;
}

export interface ProcessPlace {
  readonly network: NetworkNamespace;
  /** One word on its command line, as JSON. */
  readonly settings: unknown;
}

/** Starts it inside a namespace. What it complains about goes to standard error of this process. */
export function startTalking<Question, Answer>(
  script: string,
  { network, settings }: ProcessPlace,
): TalkingProcess<Question, Answer> {
  const command = [process.execPath, join(import.meta.dir, script), JSON.stringify(settings)];
  const child = network.run(() => Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
  const lines = eachLine(child.stdout);
  return {
    ask(question) {
      void child.stdin.write(`${JSON.stringify(question)}\n`);
      void child.stdin.flush();
    },
    async next() {
      const { value, done } = await lines.next();
      if (done === true)
        throw new Error(`${script} ended with code ${await child.exited}: see what it said above`);
      return JSON.parse(value) as Answer;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
