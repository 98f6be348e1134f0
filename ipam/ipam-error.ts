export type IpamErrorKind =
  /** `ipam` asks for something that is not done here. */
  | "unsupported"
  /** A field of `ipam` that cannot be read. */
  | "invalid"
  /** The node has no range of the wanted family. */
  | "noPodCidr"
  /** host-local is nowhere along CNI_PATH, or cannot be started. */
  | "missingBinary"
  /** Every address of the ranges is leased. */
  | "full"
  /** The lease directory cannot be read or written. */
  | "io"
  /** CHECK found no lease of the container. */
  | "notLeased"
  /** This host-local does not know the version of the configuration. */
  | "version"
  /** host-local refuses what it was asked, for another reason. */
  | "refused"
  /** host-local did not end in time. */
  | "hung"
  /** host-local ended by a signal, or without an answer. */
  | "died"
  /** host-local answered something that is no answer. */
  | "garbled";

export interface IpamErrorText {
  readonly tried: string;
  readonly found: string;
  readonly next: string;
}

/** Addresses could not be leased, freed or looked at. `message` holds all three parts. */
export class IpamError extends Error implements IpamErrorText {
  override readonly name = "IpamError";
  readonly kind: IpamErrorKind;
  readonly tried: string;
  readonly found: string;
  readonly next: string;

  constructor(kind: IpamErrorKind, { tried, found, next }: IpamErrorText, cause?: unknown) {
    super(`could not ${tried}: ${found}; next: ${next}`, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.tried = tried;
    this.found = found;
    this.next = next;
  }
}
