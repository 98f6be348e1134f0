/** Why a directory is out of reach. */
export interface DirectoryTrouble {
  /** What follows "the directory ...", for example `does not exist`. */
  readonly found: string;
  readonly next: string;
}

/** Without the call and the path, which follow the last comma in messages of the system. */
function reasonOf(code: string, message: string): string {
  const reason = message.replace(`${code}: `, "").replace(/, \w+( '.*')?$/s, "");
  return `${reason} (${code})`;
}

/** What the system's error about a directory means to people; undefined for an error that is not the system's. */
export function directoryTrouble(error: unknown): DirectoryTrouble | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  const code = String(error.code);
  switch (code) {
    case "ENOENT":
      return { found: "does not exist", next: "create it, with the manifests in it" };
    case "ENOTDIR":
      return { found: "is a file, or lies below one", next: "put a directory of manifests in its place" };
    case "EACCES":
    case "EPERM":
      return { found: `may not be read (${code})`, next: "give this process the right to read it" };
    case "ELOOP":
      return { found: "is a link that leads in a circle", next: "let the link point to the manifests" };
    default:
      return { found: `cannot be read: ${reasonOf(code, error.message)}`, next: "make it readable" };
  }
}
