/** Few words, so that what is made at random meets. */
export const NAMESPACES: readonly string[] = ["x", "y", "z"];
export const POLICIES: readonly string[] = ["deny", "allow", "web", "out", "mixed"];
// A label key that every JavaScript object answers to, and a value that reads like two in a list of values.
export const LABEL_KEYS: readonly string[] = ["app", "tier", "constructor"];
export const LABEL_VALUES: readonly string[] = ["a", "b", "a', 'b"];
export const PORT_NAMES: readonly string[] = ["web", "80"];
