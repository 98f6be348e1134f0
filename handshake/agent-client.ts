import * as v from "valibot";
import { errorCodeOrMessage } from "../model/error-code.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { type LineSocket, openLineSocket } from "./line-socket.ts";
import { type Answer, AnswerSchema, PROTOCOL_VERSION, type RequestBody } from "./messages.ts";

/** What ends a request; `waiting` does where the request asks for the present only. */
export type FinalAnswer = Exclude<Answer, { readonly kind: "misunderstood" }>;

export interface RequestOptions {
  /** How long to go on trying. */
  readonly milliseconds: number;
  readonly signal?: AbortSignal;
  /** False: where nobody answers, or whoever did is gone, that is the end of it. */
  readonly again?: boolean;
  /** Told each time the agent says what it waits for. */
  readonly onWaiting?: (what: string) => void;
}

/** One agent behind one socket. Requests go one after the other. */
export interface AgentClient extends Disposable {
  /** Asks, again after each lost connection, until there is an answer or the time is over. Throws AgentError. */
  request(body: RequestBody, options: RequestOptions): Promise<FinalAnswer>;
}

/**
 * `absent`: nobody listens, or whoever did is gone. `waiting`: it did not get ready in time. `silent`: it says nothing.
 * `misunderstood`: it speaks other versions. `garbled`: what it says is no answer. `aborted`: the caller gave up.
 */
export type AgentErrorKind = "absent" | "waiting" | "silent" | "misunderstood" | "garbled" | "aborted";

/** There was no answer. The message says what was found last. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  readonly kind: AgentErrorKind;

  constructor(kind: AgentErrorKind, found: string) {
    super(found);
    this.kind = kind;
  }
}

/** Between two attempts to connect: a starting agent keeps nobody waiting. */
const RETRY_MILLISECONDS = 50;

function isFinal(answer: Answer, body: RequestBody): boolean {
  return answer.kind !== "waiting" || body.kind === "check" || body.kind === "state";
}

function readAnswer(line: string): Answer {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    throw new AgentError("garbled", "what listens at the agent's socket does not answer in JSON");
  }
  const parsed = v.safeParse(AnswerSchema, given);
  if (parsed.success) return parsed.output;
  throw new AgentError("garbled", "what listens at the agent's socket gives an answer that no agent gives");
}

export function openAgent(
  socketPath: string,
  { retryMilliseconds = RETRY_MILLISECONDS }: { readonly retryMilliseconds?: number } = {},
): AgentClient {
  let connected: LineSocket | undefined;
  let closed = false;

  function drop(): void {
    connected?.close();
    connected = undefined;
  }

  async function converse(
    body: RequestBody,
    deadline: Deadline,
    onWaiting: (what: string) => void,
  ): Promise<Answer> {
    const socket = connected ?? (await openLineSocket(socketPath));
    if (deadline.over || closed) {
      socket.close();
      throw new AgentError("silent", "the time is over");
    }
    connected = socket;
    socket.send(JSON.stringify({ ...body, version: PROTOCOL_VERSION }));
    for (;;) {
      const answer = readAnswer(await socket.line());
      if (isFinal(answer, body)) return answer;
      if (answer.kind === "waiting") onWaiting(answer.for);
    }
  }

  async function request(body: RequestBody, options: RequestOptions): Promise<FinalAnswer> {
    using deadline = startDeadline(options);
    let last = new AgentError("silent", `the agent at ${socketPath} does not answer`);
    while (!deadline.over) {
      let answer: Answer | undefined;
      try {
        answer = await deadline.within(
          converse(body, deadline, (what) => {
            last = new AgentError("waiting", what);
            options.onWaiting?.(what);
          }),
        );
      } catch (error) {
        drop();
        if (error instanceof AgentError) throw error;
        last = new AgentError("absent", `no agent answers at ${socketPath} (${errorCodeOrMessage(error)})`);
        if (options.again === false || closed) throw last;
        await deadline.within(Bun.sleep(retryMilliseconds));
        continue;
      }
      if (answer?.kind === "misunderstood") {
        const understood = answer.understood.join(" and ");
        const found = `the agent at ${socketPath} speaks version ${understood} of the language between them, this plugin version ${PROTOCOL_VERSION}`;
        throw new AgentError("misunderstood", found);
      }
      if (answer !== undefined) return answer;
    }
    // An answer that comes after all must not be taken for the next request's.
    drop();
    throw options.signal?.aborted === true ? new AgentError("aborted", "it was told to stop") : last;
  }

  return {
    request,
    [Symbol.dispose]() {
      closed = true;
      drop();
    },
  };
}
