import { expect, test } from "bun:test";
import type { AddressSetId, ProgramId } from "../../model/ruleset.ts";
import { blame } from "./blame.ts";
import { flushChain } from "./commands.ts";
import type { Origin } from "./kernel-objects.ts";
import type { StepFailure } from "./transactions.ts";

const SET: Origin = { kind: "addressSet", id: "set" as AddressSetId };
const PROGRAM: Origin = { kind: "program", id: "program" as ProgramId };
const FRAME: Origin = { kind: "frame" };

function failure(code: string, origin?: Origin): StepFailure {
  const step = origin === undefined ? undefined : { command: flushChain("c-a"), origin };
  return { step, code, message: "injected" };
}

test.each<[string, readonly StepFailure[], { live: boolean }, string, readonly Origin[]]>([
  ["one bad object", [failure("EINVAL", SET)], { live: true }, "objects", [SET]],
  [
    "consequences are not causes",
    [failure("EINVAL", SET), failure("ENOENT", PROGRAM)],
    { live: true },
    "objects",
    [SET],
  ],
  [
    "two causes",
    [failure("EINVAL", SET), failure("ERANGE", PROGRAM)],
    { live: false },
    "objects",
    [SET, PROGRAM],
  ],
  ["a code that nobody told", [failure("", PROGRAM)], { live: true }, "objects", [PROGRAM]],
  ["something is missing in use", [failure("ENOENT", PROGRAM)], { live: true }, "drift", []],
  [
    "something is missing in what we build",
    [failure("ENOENT", PROGRAM)],
    { live: false },
    "objects",
    [PROGRAM],
  ],
  ["the frame in use", [failure("EINVAL", FRAME)], { live: true }, "drift", []],
  ["the frame of a new epoch", [failure("EINVAL", FRAME)], { live: false }, "other", []],
  ["no memory", [failure("ENOMEM", SET), failure("EINVAL", PROGRAM)], { live: true }, "other", []],
  ["the table is another's", [failure("EPERM", SET)], { live: true }, "other", []],
])("%s", (_, failures, options, kind, origins) => {
  const found = blame(failures, options);
  expect(found.kind).toBe(kind as typeof found.kind);
  expect(found.kind === "objects" ? found.objects.map(({ origin }) => origin as Origin) : []).toEqual([
    ...origins,
  ]);
});
