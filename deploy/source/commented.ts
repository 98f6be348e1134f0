/** Beside `key` may stand `#key`: the comment above it. */
type Comments<T> = { readonly [Key in keyof T as `#${Key & string}`]?: string };

/** An object of Kubernetes as plain data, with the comments that people read in its manifest. `#` alone comments the whole. */
export type Commented<T> = T extends readonly (infer Item)[]
  ? readonly Commented<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Commented<T[Key]> } & Comments<T> & { readonly "#"?: string }
    : T;

/** Any of them. */
export type CommentedObject = { readonly [key: string]: unknown };

/** Without its comments, as Kubernetes would have it. */
export function withoutComments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutComments);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith("#"));
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutComments(one)]));
}
