import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "tortie-runner-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const inTest = (body: string) =>
  `import { expect, test } from "bun:test";\ntest("one", async () => { ${body} });\n`;
const good = write("good.test.ts", inTest("expect(1).toBe(1)"));

interface Outcome {
  readonly status: number | null;
  readonly output: string;
  readonly last: string;
}

async function run(command: readonly string[]): Promise<Outcome> {
  const child = Bun.spawn([...command], { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status: child.exitCode, output: output + errors, last: output.trimEnd().split("\n").at(-1) ?? "" };
}

const group = (...files: readonly string[]) => run(["script/test-group", "trial", ...files]);

test("script/test-group passes a good file", async () => {
  const { status, last } = await group(good);
  expect(last).toStartWith("group trial: 1 passed, 0 failed, 0 skipped in ");
  expect(status).toBe(0);
});

test.each([
  ["a failing test", inTest("expect(1).toBe(2)"), "1 passed, 1 failed"],
  ["a crash", inTest('process.kill(process.pid, "SIGSEGV")'), "no summary"],
  ["an exit with status 0", inTest("process.exit(0)"), "no summary"],
  ["an exit while loading", "process.exit(0);\n", "no summary"],
  ["a file that does not load", 'import "./absent.ts";\n', "1 passed, 1 failed"],
  ["a file that does not parse", "test(;\n", "1 passed, 1 failed"],
])("script/test-group fails on %s, beside a good file too", async (name, text, expected) => {
  const bad = write(`${name.replaceAll(" ", "-")}.test.ts`, text);
  const alone = await group(bad);
  expect(alone.last).toMatch(/^group trial: 0 passed, [1-9]\d* failed/);
  expect(alone.status).toBe(1);
  const beside = await group(good, bad);
  expect(beside.output).toContain(expected);
  expect(beside.last).toMatch(/ [1-9]\d* failed, /);
  expect(beside.status).toBe(1);
});

test("script/test-group fails without a file", async () => {
  const { status, last } = await group();
  expect(last).toStartWith("group trial: 0 passed, 1 failed");
  expect(status).toBe(1);
});

test("script/test-group fails when a file asked for does not run", async () => {
  const { status, output } = await group(good, join(folder, "missing.test.ts"));
  expect(output).toContain("group trial:");
  expect(status).toBe(1);
});

test("script/test-group fails when nothing in the files is a test", async () => {
  const { status, last } = await group(write("empty.test.ts", "export {};\n"));
  expect(last).toStartWith("group trial: 0 passed, 1 failed");
  expect(status).toBe(1);
});

test("script/test-group ends what a crashed test started", async () => {
  const pidFile = join(folder, "pid");
  const body = `const child = Bun.spawn(["sleep", "1000"]); await Bun.write("${pidFile}", String(child.pid)); process.exit(0);`;
  await group(write("orphan.test.ts", inTest(body)));
  const pid = Number(readFileSync(pidFile, "utf8"));
  expect(pid).toBeGreaterThan(1);
  // A kill takes its moment, and a killed orphan may be a zombie for as long as nobody reaps it.
  const state = (): Promise<string> =>
    Bun.file(`/proc/${pid}/stat`)
      .text()
      .catch(() => "gone");
  while (!/ Z |gone/.test(await state())) await Bun.sleep(1);
});

test("script/test ends with its one line and status 1 whatever stops it", async () => {
  const { status, last } = await run(["script/test", "--nonsense"]);
  expect(last).toBe("0 passed, 1 failed");
  expect(status).toBe(1);
});

test("each number that script/test --full raises is one that a test asks for, and is smaller without", () => {
  const asked = /(?:testRuns\(|process\.env\[)"(TORTIE_[A-Z_]+)"(?:\] \?\?|,) ([\d_]+)/g;
  const byDefault = new Map<string, number>();
  for (const path of new Bun.Glob("**/*.test.ts").scanSync({ cwd: root })) {
    if (path.startsWith("node_modules/")) continue;
    for (const [, name = "", number = ""] of readFileSync(join(root, path), "utf8").matchAll(asked)) {
      byDefault.set(name, Math.max(byDefault.get(name) ?? 0, Number(number.replaceAll("_", ""))));
    }
  }
  const script = readFileSync(join(root, "script/test"), "utf8");
  const raised = Array.from(
    script.matchAll(/\b(TORTIE_[A-Z_]+)="\$\{\1:-(\d+)\}"/g),
    ([, name = "", number]) => {
      return { name, isMore: Number(number) > (byDefault.get(name) ?? Infinity) };
    },
  );
  // Not a test's: it ends a group that hangs.
  const ofTests = raised.filter(({ name }) => name !== "TORTIE_GROUP_SECONDS");
  expect(ofTests.filter(({ isMore }) => !isMore)).toEqual([]);
  expect(ofTests.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["TORTIE_RECONNECTS", "TORTIE_SILENT_SECONDS", "TORTIE_OUTAGE_SECONDS"]),
  );
});
