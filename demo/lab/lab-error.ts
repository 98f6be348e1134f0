/** The lab itself is broken: what it would measure says nothing about policies. */
export class LabError extends Error {
  override readonly name = "LabError";

  constructor(text: { readonly tried: string; readonly found: string; readonly next: string }) {
    super(`could not ${text.tried}: ${text.found}; ${text.next}`);
  }
}
