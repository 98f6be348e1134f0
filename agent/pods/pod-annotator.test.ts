import { expect, test } from "bun:test";
import type { Annotated, PodAnnotation } from "../../adapters/datastore.ts";
import type { Address } from "../../model/address.ts";
import { createPodAnnotator, type PodAnnotator, type PodAnnotatorOptions } from "./pod-annotator.ts";
import { collectedLog, until } from "../test-parts.ts";

function annotation(pod: string, ...addresses: readonly string[]): PodAnnotation {
  return { namespace: "x", pod, uid: `uid-${pod}`, addresses: addresses as Address[], containerId: "c" };
}

interface Bench {
  readonly annotator: PodAnnotator;
  /** `POD ADDRESSES` as they were begun. */
  readonly begun: string[];
  readonly signals: AbortSignal[];
  readonly finish: (result?: Annotated) => Promise<void>;
  readonly messages: () => string[];
  readonly text: () => string;
}

function bench(most = 2, options: Partial<PodAnnotatorOptions> = {}): Bench {
  const begun: string[] = [];
  const signals: AbortSignal[] = [];
  const running: ((result: Annotated) => void)[] = [];
  const { log, messages, text } = collectedLog();
  const annotator = createPodAnnotator({
    annotate: ({ pod, addresses }, signal) => {
      begun.push([pod, ...addresses].join(" "));
      signals.push(signal);
      return new Promise((resolve) => running.push(resolve));
    },
    isTrue: () => false,
    log,
    most,
    delay: () => 1,
    ...options,
  });
  const finish = async (result: Annotated = { kind: "annotated" }): Promise<void> => {
    running.shift()?.(result);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { annotator, begun, signals, finish, messages, text };
}

test("so many are written at once, and the others after them", async () => {
  const { annotator, begun, finish } = bench();
  for (const pod of ["a", "b", "c"]) annotator.write(annotation(pod, "10.0.0.1"));
  expect(begun).toEqual(["a 10.0.0.1", "b 10.0.0.1"]);
  await finish();
  expect(begun.at(-1)).toBe("c 10.0.0.1");
});

test("of one pod the last word is written last, and what it overtakes is not written", async () => {
  const { annotator, begun, finish } = bench();
  annotator.write(annotation("a", "10.0.0.1"));
  annotator.write(annotation("a"));
  annotator.write(annotation("a", "10.0.0.2"));
  expect(begun).toEqual(["a 10.0.0.1"]);
  await finish();
  expect(begun).toEqual(["a 10.0.0.1", "a 10.0.0.2"]);
  await finish();
  expect(begun).toHaveLength(2);
});

const FAILED: Annotated = { kind: "failed", because: "429", next: "wait" };

test("what failed is tried again, at longer and longer intervals, for as long as it is true", async () => {
  const truths = [true, true, true, false];
  const after: number[] = [];
  const { annotator, begun, finish } = bench(2, {
    isTrue: () => truths.shift() === true,
    delay: (failures) => {
      after.push(failures);
      return 1;
    },
  });
  annotator.write(annotation("a", "10.0.0.1"));
  for (const count of [1, 2, 3]) {
    await until(() => begun.length === count);
    await finish(FAILED);
  }
  await until(() => begun.length === 4);
  await finish();
  annotator.write(annotation("a", "10.0.0.1"));
  await finish(FAILED);
  await until(() => truths.length === 0);
  expect(begun).toHaveLength(5);
  expect(after).toEqual([1, 2, 3, 1]);
});

test("a newer word takes the place of the one that failed", async () => {
  const { annotator, begun, finish } = bench(2, { isTrue: () => true });
  annotator.write(annotation("a"));
  annotator.write(annotation("a", "10.0.0.2"));
  await finish(FAILED);
  expect(begun).toEqual(["a", "a 10.0.0.2"]);
  await finish(FAILED);
  annotator.write(annotation("a", "10.0.0.3"));
  annotator.write(annotation("b", "10.0.0.4"));
  await finish();
  await finish(FAILED);
  // What was to be tried again before it would have come first.
  await until(() => begun.filter((what) => what.startsWith("b")).length === 2);
  expect(begun).toEqual(["a", "a 10.0.0.2", "a 10.0.0.3", "b 10.0.0.4", "b 10.0.0.4"]);
});

test("a failure is told once for each cause, until one works again", async () => {
  const { annotator, finish, messages, text } = bench(1);
  const failed: Annotated = { kind: "failed", because: "403", next: "allow it" };
  for (const result of [
    failed,
    failed,
    { ...failed, because: "500" },
    { kind: "annotated" } as const,
    failed,
  ]) {
    annotator.write(annotation("a"));
    await finish(result);
  }
  expect(messages()).toEqual(["pod not annotated", "pod not annotated", "pod not annotated"]);
  expect(text()).toContain('"pod":"x/a","because":"403","next":"allow it"');
});

test("a right that is missing is told once and quietly, and tried again, for it may be given", async () => {
  const { annotator, begun, finish, messages, text } = bench(1, { isTrue: () => true });
  const notAllowed: Annotated = { kind: "notAllowed", because: "no right", next: "give it" };
  annotator.write(annotation("a"));
  await finish(notAllowed);
  await until(() => begun.length === 2);
  await finish(notAllowed);
  await until(() => begun.length === 3);
  await finish();
  expect(messages()).toEqual(["pods are not annotated"]);
  expect(text()).toContain('"level":"info"');
});

test("a pod that is gone is no failure", async () => {
  const { annotator, finish, messages } = bench();
  annotator.write(annotation("a"));
  await finish({ kind: "gone" });
  expect(messages()).toEqual([]);
});

test("one that hangs is given up; closing gives up all, begins none and says nothing", async () => {
  const { annotator, begun, signals, finish, messages } = bench(1);
  annotator.write(annotation("a"));
  annotator.write(annotation("b"));
  annotator[Symbol.dispose]();
  await until(() => signals.every(({ aborted }) => aborted));
  await finish({ kind: "failed", because: "aborted", next: "" });
  expect(begun).toEqual(["a"]);
  expect(messages()).toEqual([]);
});
