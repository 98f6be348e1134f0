/** Something that the user can put right; its message is all that is printed. */
export class CtlError extends Error {
  override readonly name = "CtlError";
}
