/** What stops an installation; the message says what was found and what to do. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

/** The code of node:fs and of system calls, else the words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
