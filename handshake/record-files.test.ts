import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Address } from "../model/address.ts";
import { podInterfaceName } from "../model/fingerprint.ts";
import type { EndpointRecord } from "./endpoint-record.ts";
import { readRecord, readRecords, removeRecord, writeRecord } from "./record-files.ts";
import { runPaths } from "./run-paths.ts";

let directory = "";
let paths = runPaths();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tortie-records-"));
  paths = runPaths(join(directory, "run"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const record = (containerId: string, more: Partial<EndpointRecord> = {}): EndpointRecord => ({
  version: 1,
  containerId,
  namespace: "x",
  pod: "a",
  uid: "8c4d",
  interface: podInterfaceName("x", "a"),
  podInterface: "eth0",
  network: "k8s-pod-network",
  namespacePath: "/run/netns/a",
  addresses: ["10.0.0.2" as Address, "fd00::2" as Address],
  createdAt: 5,
  ...more,
});

test("a record comes back as it was written, and a later one takes its place", () => {
  writeRecord(paths, record("c1", { addresses: [] }));
  writeRecord(paths, record("c1"));
  expect(readRecord(paths, "c1")).toEqual({ kind: "record", record: record("c1") });
  expect(readRecords(paths)).toEqual({ records: [record("c1")], unreadable: [] });
});

test("nobody but root reads records, whatever a crash left in their way", () => {
  mkdirSync(paths.endpoints, { recursive: true });
  writeFileSync(join(paths.endpoints, ".c1.tmp"), "half", { mode: 0o644 });
  chmodSync(join(paths.endpoints, ".c1.tmp"), 0o644);
  writeRecord(paths, record("c1"));
  expect(statSync(join(paths.endpoints, "c1.json")).mode & 0o777).toBe(0o600);
});

test("without a directory there are no records, and nothing to remove", () => {
  expect(readRecords(paths)).toEqual({ records: [], unreadable: [] });
  expect(readRecord(paths, "c1")).toEqual({ kind: "none" });
  removeRecord(paths, "c1");
  expect(existsSync(paths.endpoints)).toBe(false);
});

test("removing takes what a crash left, too, and no other container's", () => {
  writeRecord(paths, record("c1"));
  writeRecord(paths, record("c10"));
  writeFileSync(join(paths.endpoints, ".c1.tmp"), "half");
  removeRecord(paths, "c1");
  removeRecord(paths, "c1");
  expect(readdirSync(paths.endpoints)).toEqual(["c10.json"]);
});

test.each([
  ["", "it is not JSON"],
  ['{"version":1', "it is not JSON"],
  ['{"version":2}', "version: Invalid type: Expected 1 but received 2"],
  [JSON.stringify(record("c2")), "it speaks of container c2"],
  [JSON.stringify({ ...record("c1"), addresses: ["10.0.0.256"] }), "addresses.0: expected an address"],
  [
    JSON.stringify({ ...record("c1"), interface: podInterfaceName("x", "b") }),
    "interface: expected the name that belongs to the pod",
  ],
  [
    JSON.stringify({ ...record("c1"), interface: "lo" }),
    "interface: expected the name that belongs to the pod",
  ],
  [JSON.stringify({ ...record("c1"), namespace: "x/y" }), "namespace: expected a name without a slash"],
  [JSON.stringify({ ...record("c1"), pod: "" }), "pod: expected a name without a slash"],
])("the file %j is reported and hurts no other", (text, why) => {
  writeRecord(paths, record("c3"));
  const path = join(paths.endpoints, "c1.json");
  writeFileSync(path, text);
  expect(readRecords(paths)).toEqual({ records: [record("c3")], unreadable: [{ path, why }] });
  expect(readRecord(paths, "c1")).toEqual({ kind: "unreadable", unreadable: { path, why } });
});

test("a directory in a record's place is reported", () => {
  const path = join(paths.endpoints, "c1.json");
  mkdirSync(path, { recursive: true });
  expect(readRecords(paths)).toEqual({ records: [], unreadable: [{ path, why: "EISDIR" }] });
});

test("a file in a directory's place holds no record, and a directory in a record's place is removed", () => {
  const path = join(paths.endpoints, "c1.json");
  mkdirSync(join(path, "within"), { recursive: true });
  removeRecord(paths, "c1");
  expect(existsSync(path)).toBe(false);
  rmSync(paths.endpoints, { recursive: true });
  writeFileSync(paths.endpoints, "");
  expect(readRecords(paths)).toEqual({ records: [], unreadable: [] });
  expect(readRecord(paths, "c1")).toEqual({ kind: "none" });
  removeRecord(paths, "c1");
  expect(existsSync(paths.endpoints)).toBe(true);
});

test("other files are left alone", () => {
  mkdirSync(paths.endpoints, { recursive: true });
  for (const name of [".c1.tmp", "notes", "a b.json", ".json"])
    writeFileSync(join(paths.endpoints, name), "");
  expect(readRecords(paths)).toEqual({ records: [], unreadable: [] });
});

test("the longest container ID fits a file's name, and a path is none", () => {
  const longest = "c".repeat(250);
  writeRecord(paths, record(longest));
  expect(readRecord(paths, longest).kind).toBe("record");
  removeRecord(paths, longest);
  expect(readdirSync(paths.endpoints)).toEqual([]);
  expect(() => readRecord(paths, "../c1")).toThrow('"../c1" is no container ID');
});
