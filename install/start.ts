const TRIAL_MILLISECONDS = 30_000;

/** What came of a program that was tried. */
export interface Started {
  /** How the process ended; 0 is well. */
  readonly end: number | string;
  readonly said: string;
  /** The first line of standard error. */
  readonly complaint: string;
}

/** Runs a program to its end; throws what Bun throws where it cannot be started. */
export function start(words: readonly string[], stdin: number | "ignore"): Started {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([...words], {
    // Where the root directory was changed, nothing else need be there; not even /dev/null.
    cwd: "/",
    env: {},
    stdin,
    stdout: "pipe",
    stderr: "pipe",
    timeout: TRIAL_MILLISECONDS,
  });
  const [complaint = ""] = stderr.toString().split("\n", 1);
  return { end: signalCode ?? exitCode, said: stdout.toString(), complaint };
}

export interface Refused {
  readonly kind: "refused";
  readonly why: string;
}

export function refused(why: string): Refused {
  return { kind: "refused", why };
}

/** Why what ended so does not run. */
export function refusedByEnd({ end, complaint }: Started): Refused {
  return refused(`it ended with ${end} when it was tried: ${complaint}`);
}
