/** A command line to start. */
export interface Command {
  /** What the figure is called. */
  readonly name: string;
  readonly words: readonly string[];
  /** Nothing else is in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Seconds from start to end of each, in the order of the commands. */
export type Starts = readonly (readonly number[])[];

async function once({ words, environment }: Command): Promise<number> {
  const began = performance.now();
  const child = Bun.spawn([...words], { env: environment, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [code, said, complaint] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const seconds = (performance.now() - began) / 1_000;
  if (code === 0 && said !== "") return seconds;
  throw new Error(`${words.join(" ")} ended with ${code} and said: ${said}${complaint}`);
}

/** Starts the commands in turn, `rounds` times; before that once, for the system's caches. Throws when one fails. */
export async function measureStarts(commands: readonly Command[], rounds: number): Promise<Starts> {
  const starts: number[][] = commands.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, command] of commands.entries()) {
      const seconds = await once(command);
      if (round > 0) starts[at]?.push(seconds);
    }
  }
  return starts;
}
