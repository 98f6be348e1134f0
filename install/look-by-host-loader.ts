import { errorCode } from "../model/error-code.ts";
import { LIBC } from "./host-libraries.ts";
import { hostLoader, librariesElsewhere } from "./host-loader.ts";
import { type Refused, refused, refusedByEnd, start } from "./start.ts";

/** It cannot be told from here. */
export interface Impossible {
  readonly kind: "impossible";
  readonly why: string;
}

/** What the host's loader says of an executable's libraries. */
export type LibraryLook =
  /** `run`: the words before the executable that start it with them. */
  { readonly kind: "there"; readonly run: readonly string[] } | Refused | Impossible;

const WRONG_VERSION = /: version `[^']+' not found/;

/** Has the host's loader list the libraries of `file`, which is not run, and for which no right is needed. */
export function lookByHostLoader(root: string, file: string, loader: string): LibraryLook {
  const host = hostLoader(root, loader);
  if (host === undefined) return { kind: "impossible", why: "its loader was not found" };
  try {
    const listing = start([...host.list, file], "ignore");
    const elsewhere = librariesElsewhere(listing.said, root);
    if (elsewhere.includes(LIBC)) return { kind: "impossible", why: `its ${LIBC} is in no usual directory` };
    if (elsewhere.length > 0) return refused(`the host has ${LIBC}, but not ${elsewhere.join(", ")}`);
    if (listing.end !== 0) return refusedByEnd(listing);
    // It lists on, and ends well.
    if (WRONG_VERSION.test(listing.complaint)) return refused(`the host's loader says ${listing.complaint}`);
    return { kind: "there", run: host.run };
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    // What is no loader starts nothing on the host, either.
    if (code === "ENOEXEC") return refused(`the host's loader ${loader} cannot be started (${code})`);
    return { kind: "impossible", why: `its loader cannot be started here (${code})` };
  }
}
