import { expect, test } from "bun:test";
import { agentHelp, readArguments } from "./arguments.ts";

test("no arguments run it", () => {
  expect(readArguments([])).toEqual({ kind: "run", felixFile: undefined });
});

test.each([[["-c", "a.cfg"]], [["--config-file", "a.cfg"]], [["--config-file=a.cfg"]]])(
  "%p names a felix.cfg, as Felix has it",
  (args) => {
    expect(readArguments(args)).toEqual({ kind: "run", felixFile: "a.cfg" });
  },
);

test.each([["--help"], ["-h"]])("%s asks for help", (argument) => {
  expect(readArguments([argument])).toEqual({ kind: "help" });
});

test.each([
  [["--hepl"], "unknown argument --hepl; it takes --config-file and --help only"],
  [["--port=1"], "unknown argument --port; it takes --config-file and --help only"],
  [["-v"], "unknown argument -v;"],
  [["-c"], "--config-file needs the path of a felix.cfg"],
  [["--config-file="], "--config-file needs the path of a felix.cfg"],
  [["start"], "unknown argument start; it takes --config-file and --help only"],
])("%p is refused with a hint", (args, text) => {
  expect(readArguments(args)).toMatchObject({ kind: "wrong", text: expect.stringContaining(text) });
});

test("help lists every variable and fits a wide terminal", () => {
  expect(agentHelp()).toContain("DATASTORE_PATH");
  expect(agentHelp()).toContain("FELIX_LOGSEVERITYSCREEN");
});

test("the help is plain text: no link of Markdown is in it", () => {
  expect(agentHelp()).not.toContain("](");
});
