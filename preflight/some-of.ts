const NAMED = 3;

/** The first few, and how many more there are: `a, b, c and 4 more`. */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(", ");
  const hidden = names.length - NAMED;
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}

/** `1 node`, `2 nodes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
