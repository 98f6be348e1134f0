/** The server's words cannot be read: only a new list tells what is true. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}
