import { readFileSync, writeSync } from "node:fs";
import { errorCode } from "../model/error-code.ts";
import { CniError } from "./cni-error.ts";

/** O_CLOEXEC, as fdinfo has it. */
const CLOSED_ON_EXEC = 0o2000000;

/** All of it, whoever made the pipe non-blocking: the process ends right after. Throws where it cannot get out. */
function write(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}

/** Of what cannot get out nobody can be told. */
export function print(text: string): void {
  try {
    write(text);
  } catch {
    // The exit code is all that is left.
  }
}

/** Bun opens /dev/null in the place of what was closed when it began, and marks it: a file that was inherited has no mark. */
function isClosed(): boolean {
  const [, flags = "0"] = /^flags:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/fdinfo/1", "utf8")) ?? [];
  return (Number.parseInt(flags, 8) & CLOSED_ON_EXEC) !== 0;
}

/** Throws CniError where nobody can hear of the result. */
export function printResult(text: string): void {
  try {
    if (isClosed()) throw new Error("it is closed");
    write(text);
  } catch (error) {
    throw new CniError(
      "inputOutput",
      `the result cannot be written to standard output: ${(error as Error).message}`,
      "the container runtime must read it there: everything is undone",
    );
  }
}
