import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const library = join(import.meta.dir, "../script/lib.sh");

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
}

/** A script with one step, whose commands these are. */
function runStep(commands: string): Outcome {
  const work = mkdtempSync(join(tmpdir(), "tortie-step-"));
  try {
    const script = `source "${library}"
work=${work} of=things advice=("Look again.")
commands() { ${commands}; }
step "$work" "making them" commands
echo "made in $(cat "$work/where")"`;
    const { exitCode, stdout, stderr } = Bun.spawnSync(["bash", "-c", script, library]);
    return {
      status: exitCode,
      out: stdout.toString().replace(work, "WORK"),
      errors: stderr.toString(),
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}

test("a step runs in its directory, and what it writes is kept back", () => {
  expect(runStep("echo much; pwd >where")).toEqual({
    status: 0,
    out: "made in WORK\n",
    errors: "things: making them\n",
  });
});

test.each(["false", "cat missing | cat", "for each in 1 2; do [[ $each == 2 ]]; done", "echo $unset"])(
  "a step ends where something in it fails (%s), and so does the script",
  (wrong) => {
    const { status, out, errors } = runStep(`echo why; ${wrong}; echo more; pwd >where`);
    expect({ status, out }).toEqual({ status: 1, out: "" });
    expect(errors).toStartWith("things: making them\nwhy\n");
    expect(errors).toEndWith("The step failed: making them\nLook again.\n");
    expect(errors).not.toContain("more");
  },
);
