/** Labels of an object. Keys are whatever a user wrote: read them with `labelValue` only. */
export type Labels = Readonly<Record<string, string>>;

/** The label's value, never a property that every JavaScript object inherits (`constructor` is a legal label key). */
export function labelValue(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
