import { readFile, stat } from "node:fs/promises";

/** Where a certificate, a key or a token comes from. */
export type TextSource =
  | { readonly kind: "file"; readonly path: string }
  /** `name` is what people call it, for example `client-key-data of user "jane" in /root/.kube/config`. */
  | { readonly kind: "inline"; readonly text: string; readonly name: string };

export function sourceName(source: TextSource): string {
  return source.kind === "file" ? source.path : source.name;
}

/** A text that is read again when its file changes. */
export interface FollowedText {
  readonly name: string;
  /**
   * Looks whether the file is another one, or was written to, before each answer. What was read once is kept while the
   * file is missing, empty or unreadable: it may be in the middle of being replaced.
   */
  read(): Promise<string>;
  /** Reads the file whatever it looks like, and fails where it cannot be read. */
  reread(): Promise<string>;
}

/** Inode, size and times: through symbolic links, so that the exchange of a mounted volume's `..data` is seen. */
async function fingerprint(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

export function followText(source: TextSource): FollowedText {
  if (source.kind === "inline") {
    const read = (): Promise<string> => Promise.resolve(source.text);
    return { name: source.name, read, reread: read };
  }
  const { path } = source;
  let known: { readonly text: string; readonly print: string } | undefined;
  const reread = async (): Promise<string> => {
    // Looked at before it is read: a change in between is seen the next time.
    const print = await fingerprint(path);
    const text = await readFile(path, "utf8");
    if (text.trim() === "") throw new Error("the file is empty");
    known = { text, print };
    return text;
  };
  const read = async (): Promise<string> => {
    try {
      if (known?.print === (await fingerprint(path))) return known.text;
      return await reread();
    } catch (error) {
      if (known === undefined) throw error;
      return known.text;
    }
  };
  return { name: path, read, reread };
}
