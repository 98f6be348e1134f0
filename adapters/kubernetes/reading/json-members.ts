/** `metadata.resourceVersion`, where there is one. */
export function versionOf(object: unknown): string | undefined {
  return text(member(member(object, "metadata"), "resourceVersion"));
}

/** The member of an object; undefined where it is none, or has none. */
export function member(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Readonly<Record<string, unknown>>)[name];
}

/** Undefined where it is no text, or empty. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
