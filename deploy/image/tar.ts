/** One thing in an archive. Paths have no leading slash; a directory's has no trailing one. */
export type Entry =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly executable: boolean;
      readonly content: Uint8Array;
    }
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  /** A symbolic link. */
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const BLOCK = 512;
/** Since 1970, of every file: a layer with a release's time in it would be another one in each release. */
const SECONDS = 0;
const TYPE: Readonly<Record<Entry["kind"], string>> = { file: "0", directory: "5", link: "2" };

function modeOf(entry: Entry): number {
  switch (entry.kind) {
    case "file":
      return entry.executable ? 0o755 : 0o644;
    case "directory":
      return entry.mode;
    case "link":
      return 0o777;
  }
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");

/** The header of ustar: POSIX 1003.1-1988, fields of fixed width, numbers in octal. */
function header(entry: Entry): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, room: number, text: string): void => {
    const encoded = new TextEncoder().encode(text);
    if (encoded.length > room) {
      throw new RangeError(`an archive of this kind holds names of at most ${room} bytes, got ${text}`);
    }
    bytes.set(encoded, at);
  };
  put(0, 100, entry.kind === "directory" ? `${entry.path}/` : entry.path);
  put(100, 8, octal(modeOf(entry), 7));
  put(108, 8, octal(0, 7));
  put(116, 8, octal(0, 7));
  put(124, 12, octal(entry.kind === "file" ? entry.content.length : 0, 11));
  put(136, 12, octal(SECONDS, 11));
  put(148, 8, " ".repeat(8));
  put(156, 1, TYPE[entry.kind]);
  if (entry.kind === "link") put(157, 100, entry.target);
  put(257, 6, "ustar\0");
  put(263, 2, "00");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, 8, `${octal(sum, 6)}\0 `);
  return bytes;
}

const byPath = (a: Entry, b: Entry): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/**
 * An archive that depends on nothing but its entries: sorted by path, all of root's, of one time.
 * A directory sorts before what is in it. A path may come once.
 */
export function tar(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const sorted = entries.toSorted(byPath);
  const parts = sorted.flatMap((entry, index) => {
    if (entry.path === sorted[index - 1]?.path) throw new Error(`${entry.path} comes twice in one archive`);
    if (entry.kind !== "file") return [header(entry)];
    const fill = new Uint8Array((BLOCK - (entry.content.length % BLOCK)) % BLOCK);
    return [header(entry), entry.content, fill];
  });
  return new Uint8Array(Buffer.concat([...parts, new Uint8Array(2 * BLOCK)]));
}

/** The entries, and before them the directories that lead to them and are not among them. */
export function withDirectories(entries: readonly Entry[]): Entry[] {
  const known = new Map<string, Entry>();
  for (const entry of entries) {
    const steps = entry.path.split("/");
    for (let length = 1; length < steps.length; length++) {
      const path = steps.slice(0, length).join("/");
      if (!known.has(path)) known.set(path, { kind: "directory", path, mode: 0o755 });
    }
    known.set(entry.path, entry);
  }
  return [...known.values()];
}
