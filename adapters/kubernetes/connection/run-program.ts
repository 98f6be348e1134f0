import { spawn } from "node:child_process";
import type { Environment } from "../../../model/environment.ts";
import { errorCode } from "../../../model/error-code.ts";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  /** Milliseconds that it may take. */
  readonly timeLimit: number;
  /** Characters that it may print to each of standard output and standard error. */
  readonly outputLimit: number;
}

export type ProgramEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "late" }
  | { readonly kind: "printed too much" }
  | { readonly kind: "not started"; readonly code: string };

export interface Finished {
  readonly end: ProgramEnd;
  readonly stdout: string;
  readonly stderr: string;
}

function notStarted(error: unknown): ProgramEnd {
  const code = errorCode(error) ?? "unknown";
  return { kind: "not started", code };
}

/** Runs a program that reads nothing. It leads a process group, so that a limit ends what it started as well. */
export function runProgram({ command, args, env, timeLimit, outputLimit }: Program): Promise<Finished> {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  const printed = { stdout: "", stderr: "" };
  const finish = (end: ProgramEnd): void => resolve({ end, ...printed });
  try {
    const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const stop = (end: ProgramEnd): void => {
      clearTimeout(timer);
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // All of the group are gone; who left it may hold the output still.
      }
      child.stdout.destroy();
      child.stderr.destroy();
      finish(end);
    };
    const timer = setTimeout(() => stop({ kind: "late" }), timeLimit);
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        printed[name] += text;
        if (printed[name].length > outputLimit) stop({ kind: "printed too much" });
      });
    }
    child.on("error", (error) => {
      clearTimeout(timer);
      finish(notStarted(error));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      finish(code === null ? { kind: "killed", signal: signal ?? "unknown" } : { kind: "exited", code });
    });
  } catch (error) {
    // Some of what keeps a program from starting is thrown instead of told by an event.
    finish(notStarted(error));
  }
  return promise;
}
