import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { demoPicture } from "../../demo/picture.ts";

const MAIN = join(import.meta.dir, "../../main.ts");

function startDemo(...args: readonly string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const command = [process.execPath, MAIN, "demo", ...args];
  return Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

/** Reads until `wanted` was printed, or the end; gives everything up to there, and leaves the stream open. */
async function readUntil(reader: Reader, wanted: RegExp): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!wanted.test(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

/** Processes that were told about the directory. */
function processesOf(directory: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`DATASTORE_PATH=${directory}\0`);
    } catch {
      return false;
    }
  });
}

test("the demo ends with every probe as expected", async () => {
  const demo = startDemo();
  const output = await demo.stdout.text();
  expect(output).not.toContain("DISAGREE");
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const counts = /^(\d+)\/(\d+) probes as expected$/.exec(last);
  expect(counts?.[1]).toBe(counts?.[2] ?? "");
  expect(Number(counts?.[1])).toBeGreaterThan(5000);
  expect(output).toContain("0 of 42 forged packets reached x/a.");
  // `script/demo | script/bun demo/picture.ts >docs/demo.svg` draws it anew.
  expect(demoPicture(output)).toBe(readFileSync(join(import.meta.dir, "../../docs/demo.svg"), "utf8"));
  expect(await demo.exited).toBe(0);
}, 90_000);

test.each(["SIGINT", "SIGTERM", "a reader that leaves"] as const)(
  "%s in the middle leaves nothing behind",
  async (how) => {
    const demo = startDemo();
    const reader = demo.stdout.getReader();
    const output = await readUntil(reader, /Packets feel it/);
    const directory = /follows (\/\S+);/.exec(output)?.[1] ?? "";
    expect(existsSync(directory)).toBe(true);
    expect(processesOf(directory)).toHaveLength(1);
    if (how === "a reader that leaves") await reader.cancel();
    else demo.kill(how);
    expect(await demo.stderr.text()).toContain("interrupted; everything was removed");
    expect(await demo.exited).toBe(130);
    expect(existsSync(directory)).toBe(false);
    expect(processesOf(directory)).toEqual([]);
  },
  90_000,
);

test("the demo says what it takes, and refuses what it does not know", async () => {
  const help = startDemo("--help");
  expect(await help.stdout.text()).toContain("unshare -rn tortie demo");
  expect(await help.exited).toBe(0);
  const wrong = startDemo("--fast");
  expect(await wrong.stderr.text()).toContain("unknown argument --fast");
  expect(await wrong.exited).toBe(1);
});
