import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../model/environment.ts";
import { ConfigError, readConfig, type ReadConfig } from "./config.ts";
import { readFelixText } from "./felix-file.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-felix-"));
const path = join(folder, "felix.cfg");
afterAll(() => rmSync(folder, { recursive: true }));

function readWith(text: string, environment: Environment = {}): ReadConfig {
  writeFileSync(path, text);
  return readConfig({ NODENAME: "n", ...environment }, { felixFile: path });
}

function errorsOf(read: () => ReadConfig): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

test.each<[string, string | undefined]>([
  ["HealthPort = 80", "80"],
  ["healthport=80", "80"],
  ["HEALTHPORT: 80", "80"],
  ["  HealthPort = '80'  ", "80"],
  ['HealthPort = "80" ; with a word', "80"],
  ["HealthPort = 80 # with a word", "80"],
  ["HealthPort =", ""],
  ["# HealthPort = 80", undefined],
  ["; HealthPort = 80", undefined],
  ["[global]", undefined],
  ["", undefined],
])("the line %p says %p", (line, value) => {
  const { lines, errors } = readFelixText(`${line}\r\n`, path);
  expect(errors).toEqual([]);
  expect(lines.map((one) => one.value)).toEqual(value === undefined ? [] : [value]);
});

test("its settings count where the environment says nothing", () => {
  const text = "[global]\nHealthPort = 80\nLogSeverityScreen = Debug\nDatastoreType = kubernetes\n";
  expect(readWith(text).config).toMatchObject({
    healthPort: 80,
    logLevel: "debug",
    datastoreType: "kubernetes",
  });
  const said = readWith(text, { Felix_HealthPort: "81", DATASTORE_TYPE: "file" }).config;
  expect(said).toMatchObject({ healthPort: 81, logLevel: "debug", datastoreType: "file" });
});

test('"none" in the environment hides what the file says', () => {
  expect(readWith("HealthPort = 80\n", { FELIX_HEALTHPORT: "None" }).config.healthPort).toBe(9099);
});

test("its node name beats HOSTNAME, which everybody has, and nothing else", () => {
  const text = "FelixHostname = From-File\n";
  expect(readWith(text, { NODENAME: "", HOSTNAME: "host" }).config.nodeName).toBe("from-file");
  expect(readWith(text, { NODENAME: "name", HOSTNAME: "host" }).config.nodeName).toBe("name");
});

test("names without effect and without meaning are told with their place", () => {
  const { unknown, ineffective } = readWith("[global]\nHealthProt = 1\nIpInIpMtu = 1440\n");
  expect(unknown).toEqual([`${path}:2: HealthProt (did you mean HEALTHPORT?)`]);
  expect(ineffective).toEqual([`${path}:3: IpInIpMtu (known to Felix, without effect here)`]);
});

test("everything that is wrong is told at once, by line", () => {
  const text =
    "[global]\nHealthPort 80\nHealthEnabled = x\nLogSeverityScreen = info\nlogseverityscreen = debug\n";
  expect(errorsOf(() => readWith(text))).toEqual([
    `${path}:2: found "HealthPort 80", allowed is Name = value, [section] or # comment`,
    `${path}:5: logseverityscreen and ${path}:4: LogSeverityScreen are the same setting with two values: remove one`,
    `${path}:3: HealthEnabled: found "x", allowed is true or false`,
  ]);
});

test("a file that was named and cannot be read is told", () => {
  const missing = join(folder, "missing.cfg");
  expect(errorsOf(() => readConfig({}, { felixFile: missing }))).toEqual([
    `cannot read ${missing}: ENOENT; mend it, or take it away`,
  ]);
  expect(errorsOf(() => readConfig({}, { felixFile: folder }))).toEqual([
    `cannot read ${folder}: EISDIR; mend it, or take it away`,
  ]);
});
