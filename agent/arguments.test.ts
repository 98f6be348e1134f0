import { expect, test } from "bun:test";
import { agentHelp, readArguments } from "./arguments.ts";

test("no arguments run it", () => {
  expect(readArguments([])).toEqual({ kind: "run" });
});

test.each([["--help"], ["-h"]])("%s asks for help", (argument) => {
  expect(readArguments([argument])).toEqual({ kind: "help" });
});

test.each([
  [["--hepl"], "unknown argument --hepl; it takes --help only"],
  [["--port=1"], "unknown argument --port; it takes --help only"],
  [["-v"], "unknown argument -v;"],
  [["start"], "unknown argument start; it takes --help only"],
])("%p is refused with a hint", (args, text) => {
  expect(readArguments(args)).toMatchObject({ kind: "wrong", text: expect.stringContaining(text) });
});

test("help lists every variable and fits a wide terminal", () => {
  expect(agentHelp()).toContain("DATASTORE_PATH");
  expect(agentHelp()).toContain("FELIX_LOGSEVERITYSCREEN");
});
