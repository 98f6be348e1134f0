import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OPTION = "BUN_JSC_forceRAMSize";

interface Started {
  readonly pid: number;
  readonly argv0: string;
  readonly words: readonly string[];
  readonly option: string | undefined;
}

/** A program that does as the agent does first, called as somebody pleases. */
async function start(environment: Readonly<Record<string, string>>): Promise<{ pid: number; told: Started }> {
  const folder = mkdtempSync(join(tmpdir(), "tortie-heap-"));
  try {
    const script = join(folder, "program.ts");
    const module = JSON.stringify(new URL("heap-growth.ts", import.meta.url).pathname);
    const telling = `{ pid: process.pid, argv0: process.argv0, words: process.argv.slice(2), option: process.env.${OPTION} }`;
    writeFileSync(
      script,
      `import { startWithSlowHeapGrowth } from ${module};
      startWithSlowHeapGrowth();
      process.stdout.write(JSON.stringify(${telling}));`,
    );
    const child = Bun.spawn([process.execPath, script, "agent", "--a word"], {
      argv0: "calico",
      env: environment,
      stdout: "pipe",
    });
    return { pid: child.pid, told: (await new Response(child.stdout).json()) as Started };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("starts anew with the option, as the same process with the same name and arguments", async () => {
  const { pid, told } = await start({ A: "b" });
  expect(told).toEqual({ pid, argv0: "calico", words: ["agent", "--a word"], option: "234881024" });
});

test("leaves it to whoever has set the option", async () => {
  const { told } = await start({ [OPTION]: "1073741824" });
  expect(told.option).toBe("1073741824");
});
