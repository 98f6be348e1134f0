declare const kind: unique symbol;

/**
 * A string of one kind only: the compiler refuses a policy's name where a set's is wanted.
 * Only the room that makes such names casts to them.
 */
export type Named<Kind extends string> = string & { readonly [kind]: Kind };
