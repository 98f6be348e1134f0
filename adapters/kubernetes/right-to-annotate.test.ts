import { expect, test } from "bun:test";
import type { Annotated } from "../datastore.ts";
import { createRightToAnnotate } from "./right-to-annotate.ts";

test("where the right is missing nobody is asked for five minutes, and what was given meanwhile counts", async () => {
  let time = 0;
  let answer: Annotated = { kind: "notAllowed", because: 'may not in the namespace "x"', next: "grant it" };
  let asked = 0;
  const ifAllowed = createRightToAnnotate(() => time);
  const patch = async (): Promise<Annotated> => {
    asked++;
    return answer;
  };
  const refused = { kind: "notAllowed", because: "this account has no right to patch pods/status" };
  expect(await ifAllowed(patch)).toMatchObject(refused);
  answer = { kind: "annotated" };
  time = 299_999;
  expect(await ifAllowed(patch)).toMatchObject(refused);
  expect(asked).toBe(1);
  time = 300_000;
  expect([await ifAllowed(patch), await ifAllowed(patch)]).toEqual([answer, answer]);
  expect(asked).toBe(3);
});

test("other failures are told as they are, and do not stop the next", async () => {
  const ifAllowed = createRightToAnnotate(() => 0);
  const failed: Annotated = { kind: "failed", because: "429", next: "wait" };
  expect(await ifAllowed(async () => failed)).toEqual(failed);
  expect(await ifAllowed(async () => ({ kind: "gone" }))).toEqual({ kind: "gone" });
});
