/** The seed of random tests: TORTIE_SEED repeats a run, otherwise every run is another. */
export function testSeed(): number {
  const given = process.env["TORTIE_SEED"];
  if (given === undefined || given === "") return Math.floor(Math.random() * 0x7fffffff);
  const seed = Number(given);
  if (!Number.isInteger(seed)) {
    throw new TypeError(
      `TORTIE_SEED must be a whole number, found "${given}"; leave it out for a random one`,
    );
  }
  return seed;
}

/** How many cases a random test tries: the environment's number, or the default. */
export function testRuns(variable: string, byDefault: number): number {
  const given = process.env[variable];
  if (given === undefined || given === "") return byDefault;
  const runs = Number(given);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new TypeError(
      `${variable} must be a whole number above 0, found "${given}"; leave it out for ${byDefault}`,
    );
  }
  return runs;
}
