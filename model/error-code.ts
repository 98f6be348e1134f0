/** The code that node, Bun and system calls give an error, such as `ENOENT`; undefined: it has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** For people: the code, else what the error says. */
export function errorCodeOrMessage(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.message : String(error));
}
