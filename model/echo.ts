/** Enough to recognize what was given, and not more than people read. */
const LONGEST = 200;

/** The beginning of a text that may be of any length, for a message. */
export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST).toWellFormed()}…`;
}

/** A value that came from outside, as JSON, for a message that repeats it. */
export function echo(value: unknown): string {
  try {
    return value === undefined ? "undefined" : shortened(JSON.stringify(value));
  } catch (error) {
    if (error instanceof RangeError) return "a value that is nested too deep to be shown";
    throw error;
  }
}
