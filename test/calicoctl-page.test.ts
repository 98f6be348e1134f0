import { expect, test } from "bun:test";
import { readCommandLine } from "../ctl/command-line.ts";
import { readConfigFile } from "../ctl/config-file.ts";
import { kindsText } from "../ctl/kinds.ts";

const page = await Bun.file(new URL("../docs/calicoctl.md", import.meta.url)).text();

/** What stands between code marks in the first cell of a table's rows, and the rest of the row. */
function rows(heading: string): readonly (readonly string[])[] {
  const [, table = ""] = page.split(`\n${heading}\n`);
  return table
    .split("\n")
    .slice(1)
    .filter((_, at, lines) => lines.slice(0, at + 1).every((line) => line.startsWith("|")))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

function coded(cell: string | undefined): string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

test("its kinds and their other names are those of the command", () => {
  const told = rows("| kind | also called, in any case | what Kubernetes holds | lists |").map(
    ([kind, others]) => [...coded(kind), ...coded(others)],
  );
  const known = kindsText()
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/[\s,]+/));
  expect(told).toEqual(known);
});

test("its options are those that help tells", () => {
  const help = readCommandLine(["get", "--help"], "calicoctl");
  const known = [...("text" in help ? help.text : "").matchAll(/^ {2}(-{1,2}[\w-]+)/gm)].map(
    ([, name = ""]) => name,
  );
  const told = rows("| option | |").flatMap(([options]) =>
    coded(options).map((text) => text.split(" ")[0] ?? ""),
  );
  expect([...new Set(told)].toSorted()).toEqual(known.filter((name) => name !== "-h").toSorted());
});

test("its commands are understood", () => {
  const commands = [...page.matchAll(/^ {4}\$ calicoctl (.+)$/gm)].map(([, words = ""]) => words.split(" "));
  expect(commands).not.toEqual([]);
  expect(commands.filter((words) => readCommandLine(words, "calicoctl").kind === "wrong")).toEqual([]);
});

test("its configuration file is understood", () => {
  const [, text = ""] = /\n((?: {4}.*\n)+)\nKeys of `spec`/.exec(page) ?? [];
  const { variables } = readConfigFile(text.replaceAll(/^ {4}/gm, ""), "page");
  expect([...variables]).toEqual([
    ["DATASTORE_TYPE", "kubernetes"],
    ["KUBECONFIG", "~/.kube/config"],
  ]);
});
