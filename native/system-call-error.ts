import { errnoSymbol, errnoText } from "./errno-names.ts";

/** A call into the system that failed. */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  /** The error's symbol, for example `ENOBUFS`. */
  readonly code: string;
  readonly errno: number;

  /** `words`: what the kernel said of it beyond the number. */
  constructor(tried: string, errno: number, words?: string) {
    const more = words === undefined || words === "" ? "" : `: ${words}`;
    super(`could not ${tried}: ${errnoText(errno)} (${errnoSymbol(errno)})${more}`);
    this.code = errnoSymbol(errno);
    this.errno = errno;
  }
}
