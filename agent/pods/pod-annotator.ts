import type { Annotated, PodAnnotation } from "../../adapters/datastore.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Log } from "../log.ts";
import { backOff } from "../settler.ts";

export interface PodAnnotatorOptions {
  readonly annotate: (annotation: PodAnnotation, signal: AbortSignal) => Promise<Annotated>;
  /** Whether it is still so: if not, it is not tried again. */
  readonly isTrue: (annotation: PodAnnotation) => boolean;
  readonly log: Log;
  /** At once: a node that starts has hundreds of pods to write to. */
  readonly most?: number;
  /** After this one try counts as failed. */
  readonly milliseconds?: number;
  /** Milliseconds to the next try after so many failures in a row. */
  readonly delay?: (failures: number) => number;
}

/**
 * Writes to pods what the plugin gave them; nothing waits for it. What fails is tried again for as long as it is true: an older
 * word that stayed might say that a pod has no address.
 */
export interface PodAnnotator extends Disposable {
  /** Takes the place of what was to be written to the same pod and is not on its way yet. */
  write(annotation: PodAnnotation): void;
}

/** Causes that are told apart; with more, their words have something in them that changes. */
const MOST_TOLD = 100;

/** A second up to five minutes: nobody's network depends on it, and an API server may have many pods to hear of. */
function patience(failures: number): number {
  return 10 * backOff(failures + 1);
}

export function createPodAnnotator(options: PodAnnotatorOptions): PodAnnotator {
  const { annotate, isTrue, log, most = 4, milliseconds = 10_000, delay = patience } = options;
  const stopping = new AbortController();
  /** By UID: what is said of one pod must arrive in the order in which it came true. */
  const wanted = new Map<string, PodAnnotation>();
  const writing = new Set<string>();
  /** By UID: how often in a row it failed, and what begins the next try. */
  const failed = new Map<string, { failures: number; timer?: ReturnType<typeof setTimeout> }>();
  const told = new Set<string>();

  /** Whether this cause is worth a line. */
  function isNew(because: string): boolean {
    if (stopping.signal.aborted || told.has(because) || told.size >= MOST_TOLD) return false;
    told.add(because);
    return true;
  }

  function judge({ namespace, pod }: PodAnnotation, result: Annotated): void {
    switch (result.kind) {
      case "annotated":
        return told.clear();
      case "gone":
        return;
      case "notAllowed": {
        const { because, next } = result;
        if (isNew(because)) log.write("info", "pods are not annotated", { because, next });
        return;
      }
      case "failed": {
        const { because, next } = result;
        if (!isNew(because)) return;
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
    const result = await annotate(annotation, signal);
    judge(annotation, result);
    writing.delete(uid);
    if (result.kind === "failed" || result.kind === "notAllowed") tryAgain(annotation);
    else failed.delete(uid);
    begin();
  }

  function tryAgain(annotation: PodAnnotation): void {
    const { uid } = annotation;
    if (stopping.signal.aborted || wanted.has(uid)) return;
    const failures = (failed.get(uid)?.failures ?? 0) + 1;
    const timer = setTimeout(() => {
      if (isTrue(annotation)) put(annotation);
      else failed.delete(uid);
    }, delay(failures));
    timer.unref();
    failed.set(uid, { failures, timer });
  }

  function put(annotation: PodAnnotation): void {
    wanted.set(annotation.uid, annotation);
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
      clearTimeout(failed.get(annotation.uid)?.timer);
      failed.delete(annotation.uid);
      put(annotation);
    },
    [Symbol.dispose]() {
      stopping.abort();
      for (const { timer } of failed.values()) clearTimeout(timer);
    },
  };
}
