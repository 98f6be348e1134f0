/** The specification's codes, and from 100 on our own. */
export const CNI_CODES = {
  /** A version of the specification that is not spoken here, or that does not know the command. */
  version: 1,
  /** A field of the configuration that is not supported; the message names it. */
  field: 2,
  unknownContainer: 3,
  /** A variable of the environment, the path of the network namespace above all. */
  environment: 4,
  /** A file, a directory or the kernel. */
  inputOutput: 5,
  notJson: 6,
  configuration: 7,
  /** Not yet: the runtime may try again. */
  tryAgainLater: 11,
  /** STATUS: no ADD can succeed. */
  unavailable: 50,
  subnetFull: 100,
  noPodCidr: 101,
  routeTaken: 102,
  helperMissing: 103,
  /** CHECK: something is not as ADD left it. */
  different: 104,
  /** The agent will not have this pod, and no waiting mends it. */
  refused: 105,
  /** A bug of ours. */
  bug: 999,
} as const;

export type CniCode = keyof typeof CNI_CODES;

/** What a verb fails with. The message says what was tried and found, `next` what to do; runtimes show both. */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: CniCode;
  /** Empty where the message says it already. */
  readonly next: string;

  constructor(code: CniCode, found: string, next = "") {
    super(found);
    this.code = code;
    this.next = next;
  }
}

/** The specification's error object, as text for standard output. */
export function printError(error: CniError, cniVersion: string): string {
  const { code, message, next } = error;
  const details = next === "" ? {} : { details: next };
  return `${JSON.stringify({ cniVersion, code: CNI_CODES[code], msg: message, ...details })}\n`;
}
