/**
 * `badName`: no name for an interface; `hostNameTaken`, `podNameTaken`: an interface of that name is there; `hostNamespace`:
 * the path leads to the host's own namespace; `routeOwned`: another interface has the route to an address; `noIpv6`: the
 * kernel does not speak it; `notPermitted`: a right is missing; `refused`: anything else that the kernel did not do.
 */
export type PodLinkErrorKind =
  | "badName"
  | "hostNameTaken"
  | "podNameTaken"
  | "hostNamespace"
  | "routeOwned"
  | "noIpv6"
  | "notPermitted"
  | "refused";

/** A container could not be wired. */
export class PodLinkError extends Error {
  override readonly name = "PodLinkError";
  readonly kind: PodLinkErrorKind;

  constructor(
    kind: PodLinkErrorKind,
    text: { readonly tried: string; readonly found: string; readonly next: string },
    cause?: unknown,
  ) {
    super(`could not ${text.tried}: ${text.found}; ${text.next}`, { cause });
    this.kind = kind;
  }
}
