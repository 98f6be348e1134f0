import type { DatastoreEvent, PodLookUp } from "../datastore.ts";
import type { KubernetesClient } from "./connection/client.ts";
import { readPod, unreadable } from "./pod-reading.ts";
import type { Pace } from "./reading/pace.ts";
import type { LookedUpNews, ModelReader } from "./store/model-reader.ts";
import type { ModelContext } from "./store/to-model.ts";

/** What is said next; it is taken in its turn. */
export interface Step {
  take(): readonly DatastoreEvent[];
  /** Called when whoever watches has taken all of it. */
  told?(): void;
}

/** Looks pods up for one reader, and tells it of them in its own turn. */
export interface PodLookUps {
  lookUp(namespace: string, pod: string, signal: AbortSignal): Promise<PodLookUp>;
  /** What is to be told; ends with `end`. */
  readonly steps: AsyncIterable<Step>;
  /** Answers everybody who still waits. */
  readonly end: () => void;
}

export interface PodLookUpOptions {
  readonly client: KubernetesClient;
  readonly context: ModelContext;
  readonly reader: ModelReader;
  readonly pace: Pace;
}

/** One question, and all who wait for its answer. */
interface Question {
  readonly answer: Promise<PodLookUp>;
  readonly stopping: AbortController;
  waiting: number;
  asked: boolean;
}

const UNTOLD = unreadable("the datastore is not read any more", "nothing: the agent stops");
const UNWANTED = unreadable("nobody waits for the answer any more", "nothing");

/** Why nothing can be told yet. */
export function notInSync(status: ModelReader["status"]): PodLookUp {
  if (status?.kind === "waiting") return unreadable(`the agent waits for ${status.for}`, status.next);
  return unreadable("there is no connection to the API server yet", "nothing: tries go on");
}

interface Steps {
  push(step: Step): void;
  end(): void;
  readonly all: AsyncIterable<Step>;
}

function createSteps(): Steps {
  const waiting: Step[] = [];
  let ended = false;
  let news = Promise.withResolvers<void>();
  const wake = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  async function* all(): AsyncGenerator<Step, void, undefined> {
    for (;;) {
      const change = news.promise;
      const step = waiting.shift();
      if (step !== undefined) yield step;
      else if (ended) return;
      else await change;
    }
  }
  return {
    push(step) {
      waiting.push(step);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    all: all(),
  };
}

export function createPodLookUps({ client, context, reader, pace }: PodLookUpOptions): PodLookUps {
  const steps = createSteps();
  const stopped = Promise.withResolvers<PodLookUp>();
  const leaving = new AbortController();
  /** The latest question about each pod. */
  const questions = new Map<string, Question>();

  async function ask(namespace: string, pod: string, stopping: AbortSignal): Promise<PodLookUp> {
    const read = await readPod({ client, context, pace, stopping }, namespace, pod);
    if (read.kind !== "read") return read;
    return new Promise((resolve) => {
      let known: LookedUpNews["pod"];
      steps.push({
        take() {
          const { events, pod: present } = reader.look(read.objects);
          known = present;
          return events;
        },
        told() {
          resolve(known === undefined ? { kind: "absent" } : { kind: "found", uids: known.uids ?? [] });
        },
      });
    });
  }

  /** One that has been asked already may be answered by an earlier state than the one that a later caller asks for. */
  function questionOf(namespace: string, pod: string): Question {
    const key = `${namespace}/${pod}`;
    const last = questions.get(key);
    if (last?.asked === false) return last;
    const stopping = new AbortController();
    const begin = async (): Promise<PodLookUp> => {
      await last?.answer;
      question.asked = true;
      try {
        return await Promise.race([
          ask(namespace, pod, AbortSignal.any([stopping.signal, leaving.signal])),
          stopped.promise,
        ]);
      } finally {
        if (questions.get(key) === question) questions.delete(key);
      }
    };
    // In its turn, so that all who ask at once share one.
    const answer = Promise.resolve().then(begin);
    const question: Question = { answer, stopping, waiting: 0, asked: false };
    questions.set(key, question);
    return question;
  }

  return {
    async lookUp(namespace, pod, signal) {
      if (!reader.inSync) return notInSync(reader.status);
      if (signal.aborted) return UNWANTED;
      const question = questionOf(namespace, pod);
      const unwanted = Promise.withResolvers<PodLookUp>();
      const leave = (): void => unwanted.resolve(UNWANTED);
      signal.addEventListener("abort", leave, { once: true });
      question.waiting++;
      try {
        return await Promise.race([question.answer, unwanted.promise]);
      } finally {
        signal.removeEventListener("abort", leave);
        if (--question.waiting === 0) question.stopping.abort();
      }
    },
    steps: steps.all,
    end() {
      stopped.resolve(UNTOLD);
      leaving.abort();
      steps.end();
    },
  };
}
