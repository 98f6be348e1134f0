import type { Annotated, PodAnnotation } from "../adapters/datastore.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Log } from "./log.ts";

export interface PodAnnotatorOptions {
  readonly annotate: (annotation: PodAnnotation, signal: AbortSignal) => Promise<Annotated>;
  readonly log: Log;
  /** At once: a node that starts has hundreds of pods to write to. */
  readonly most?: number;
  /** After this one try counts as failed. */
  readonly milliseconds?: number;
}

/** Writes to pods what the plugin gave them. Nothing waits for it, and what fails is not tried again. */
export interface PodAnnotator extends Disposable {
  /** Takes the place of what was to be written to the same pod and is not on its way yet. */
  write(annotation: PodAnnotation): void;
}

/** Causes that are told apart; with more, their words have something in them that changes. */
const MOST_TOLD = 100;

export function createPodAnnotator(options: PodAnnotatorOptions): PodAnnotator {
  const { annotate, log, most = 4, milliseconds = 10_000 } = options;
  const stopping = new AbortController();
  /** By UID: what is said of one pod must arrive in the order in which it came true. */
  const wanted = new Map<string, PodAnnotation>();
  const writing = new Set<string>();
  const told = new Set<string>();

  function judge({ namespace, pod }: PodAnnotation, result: Annotated): void {
    switch (result.kind) {
      case "annotated":
        return told.clear();
      case "gone":
        return;
      case "failed": {
        const { because, next } = result;
        if (stopping.signal.aborted || told.has(because) || told.size >= MOST_TOLD) return;
        told.add(because);
        return log.write("warning", "pod not annotated", { pod: `${namespace}/${pod}`, because, next });
      }
      default:
        return unreachable(result);
    }
  }

  async function writeOne(annotation: PodAnnotation): Promise<void> {
    const { uid } = annotation;
    writing.add(uid);
    wanted.delete(uid);
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(milliseconds)]);
    judge(annotation, await annotate(annotation, signal));
    writing.delete(uid);
    begin();
  }

  function begin(): void {
    for (const [uid, annotation] of wanted) {
      if (stopping.signal.aborted || writing.size >= most) return;
      if (!writing.has(uid)) void writeOne(annotation);
    }
  }

  return {
    write(annotation) {
      wanted.set(annotation.uid, annotation);
      begin();
    },
    [Symbol.dispose]: () => stopping.abort(),
  };
}
