import { expect, test } from "bun:test";
import { readArguments } from "./arguments.ts";
import type { Measurement } from "./measurement.ts";

function measurement(name: string): Measurement {
  return { name, summary: `measures ${name}`, async *run() {} };
}
const KNOWN = [measurement("churn"), measurement("cold-start")];

function namesOf(...words: string[]): readonly string[] | string {
  const read = readArguments(words, KNOWN);
  return read.kind === "run" ? read.asked.measurements.map(({ name }) => name) : read.text;
}

test("without words, everything in its order", () => {
  expect(namesOf()).toEqual(["churn", "cold-start"]);
  expect(readArguments([], KNOWN)).toMatchObject({ asked: { full: false, json: undefined, page: false } });
});

test("--only takes lists and repetitions", () => {
  expect(namesOf("--only", "cold-start")).toEqual(["cold-start"]);
  expect(namesOf("--only", "cold-start,churn")).toEqual(["churn", "cold-start"]);
  expect(namesOf("--only=cold-start", "--only=churn")).toEqual(["churn", "cold-start"]);
});

test("what is wrong is named, and what to do next", () => {
  expect(namesOf("--only", "chrun")).toBe('there is no measurement "chrun", but churn, cold-start');
  expect(namesOf("--only=")).toBe("--only names nothing; next: bun run bench --help");
  expect(namesOf("--ful")).toMatch(/^Unknown option '--ful'.*; next: bun run bench --help$/s);
  expect(namesOf("churn")).toMatch(/^Unexpected argument 'churn'.*; next: bun run bench --help$/s);
  expect(namesOf("--page", "--only", "churn")).toBe(
    "--page shows all measurements: it does not go with --only",
  );
});

test("help names every measurement", () => {
  const read = readArguments(["--help"], KNOWN);
  const text = read.kind === "help" ? read.text : "";
  for (const { name, summary } of KNOWN) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
});
