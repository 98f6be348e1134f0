/** A command that no message can be made of: it is refused before the kernel sees it. */
export class EncodeError extends Error {
  override readonly name = "EncodeError";
}

export function cannotEncode(found: unknown, wanted: string): never {
  throw new EncodeError(`found ${JSON.stringify(found)} where ${wanted} is wanted`);
}
