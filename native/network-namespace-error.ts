/** A network namespace could not be made, found or entered. */
export class NetworkNamespaceError extends Error {
  override readonly name = "NetworkNamespaceError";
  /**
   * `missingRight`: CAP_SYS_ADMIN is not held; `absent`: nothing is at the path; `noNamespace`: something else is there;
   * `refused`: anything else.
   */
  readonly kind: "missingRight" | "absent" | "noNamespace" | "refused";
  readonly errno: number;

  constructor(
    kind: NetworkNamespaceError["kind"],
    errno: number,
    text: { tried: string; found: string; next: string },
  ) {
    super(`could not ${text.tried}: ${text.found}; ${text.next}`);
    this.kind = kind;
    this.errno = errno;
  }
}
