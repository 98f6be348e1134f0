import type { Environment } from "../model/environment.ts";
import { targetDirectories } from "./bin-directories.ts";
import { InstallError } from "./install-error.ts";
import { executableOf, type InstalledFiles, installInto } from "./install-files.ts";
import { installNotes } from "./install-notes.ts";
import { type InstallOptions, readInstallOptions } from "./install-options.ts";
import { takeOver } from "./takeover.ts";
import { untilSignal } from "./until-signal.ts";

/** What the face needs of the world. */
export interface InstallSurroundings {
  readonly environment: Environment;
  /** The executable that runs; undefined: it runs from source. */
  readonly running: string | undefined;
  /** Writes to standard output and gives the exit code. */
  readonly print: (text: string) => number;
  readonly warn: (text: string) => void;
  /** Ends when a signal says so. */
  readonly sleep: () => Promise<void>;
}

function said(directory: string, files: InstalledFiles): string[] {
  const { written, kept, replaced, missing, notes, trial } = files;
  const lines = [
    written.length > 0
      ? `Wrote Calico CNI binaries to ${directory}`
      : `Calico CNI binaries in ${directory} stay as they are`,
  ];
  if (written.length > 0) lines.push(`  written: ${written.join(", ")}`);
  if (kept.length > 0) lines.push(`  there already: ${kept.join(", ")}`);
  if (replaced.length > 0) lines.push(`  another program's before: ${replaced.join(", ")}`);
  if (missing.length > 0) lines.push(`  neither there nor here: ${missing.join(", ")}`);
  if (missing.includes("host-local")) lines.push("  Pods get no address without host-local; see --plugins.");
  for (const note of notes) lines.push(`Note: ${note}.`);
  if (trial !== undefined) lines.push(`CNI plugin version: ${trial.version}`);
  if (trial?.doubt !== undefined) {
    lines.push(
      `Note: it ran in this container, not on the host: ${trial.doubt}.`,
      "  The host needs glibc; mount its root directory at /host, read-only, to have that looked at.",
    );
  }
  return lines;
}

function install(options: InstallOptions, surroundings: InstallSurroundings): number {
  const { environment, running, print, warn } = surroundings;
  const say = (line: string): void => void print(`${line}\n`);
  const executable = executableOf(options.executable, running);
  for (const note of installNotes(options, environment)) say(`Note: ${note}`);
  const host = { hostRoot: options.hostRoot, environment };
  for (const directory of targetDirectories(options.binDirectories)) {
    for (const line of said(directory, installInto(executable, directory, options, host))) say(line);
  }
  const { takeover, unprotected, sleep } = options;
  const code = takeOver({
    takeover,
    unprotected,
    say,
    warn: (line) => warn(`tortie install: ${line}\n`),
  });
  say(`Done configuring CNI.  Sleep=${sleep}`);
  return code;
}

/** The face with its surroundings given; answers the exit code. */
export async function installIn(args: readonly string[], surroundings: InstallSurroundings): Promise<number> {
  try {
    const asked = readInstallOptions(args, surroundings.environment);
    if (asked.kind === "help") return surroundings.print(asked.text);
    const code = install(asked.options, surroundings);
    // A container that fails is started again, and by then the agent may enforce.
    if (asked.options.sleep && code === 0) await surroundings.sleep();
    return code;
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    surroundings.warn(`tortie install: ${error.message}\n`);
    return 1;
  }
}

/** `tortie install`. Answers the exit code: 0, or 1 with the reason on standard error. */
export async function installMain(
  args: readonly string[],
  { print }: { readonly version: string; readonly print: (text: string) => number },
): Promise<number> {
  return installIn(args, {
    environment: process.env,
    // Where the files of an executable of Bun's seem to be.
    running: Bun.main.startsWith("/$bunfs/") ? process.execPath : undefined,
    print,
    warn: (text) => void process.stderr.write(text),
    sleep: untilSignal,
  });
}
