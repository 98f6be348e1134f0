/** What somebody typed is wrong, or what they asked for cannot be: told without a stack trace. */
export class Refused extends Error {}

// A name as runtimes take it: a registry, lower-case path, tag, digest (github.com/distribution/reference).
const REFERENCE =
  /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** The name of an image, if it is one. */
export function imageReference(given: string): string {
  if (REFERENCE.test(given)) return given;
  throw new Refused(
    `--image "${given}" names no image; write it as registry.example/tortie:0.1.0, or with @sha256: and a digest`,
  );
}

/** Runs a program of this room; after wrong words it says what is allowed and ends with 1. `usage` is one line an allowed form. */
export async function withUsage(usage: string, program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    const typed =
      error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");
    if (!typed && !(error instanceof Refused)) throw error;
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exitCode = 1;
  }
}
