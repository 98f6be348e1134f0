/** Computes a text once for each value, for as long as the value lives. Values must not change. */
export function remembered<Value extends object>(text: (value: Value) => string): (value: Value) => string {
  const texts = new WeakMap<Value, string>();
  return (value) => {
    let known = texts.get(value);
    if (known === undefined) {
      known = text(value);
      texts.set(value, known);
    }
    return known;
  };
}
