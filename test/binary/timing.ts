/** Milliseconds from start to exit, standard output thrown away. */
function timeOnce(command: readonly string[]): number {
  const start = performance.now();
  const { exitCode } = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Medians of the commands' times in milliseconds; runs are interleaved, so that a busy machine slows them alike. */
export function medianTimes(commands: readonly (readonly string[])[], rounds: number): number[] {
  const times = commands.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, command] of commands.entries()) times[index]?.push(timeOnce(command));
  }
  return times.map(median);
}
