import type { Dice } from "../../test/histories/dice.ts";

/** Words that are chosen as often as their weights say. */
export interface Weighted<Word extends string> {
  readonly weights: Readonly<Record<Word, number>>;
  choose(dice: Dice): Word;
}

export function weighted<Word extends string>(weights: Readonly<Record<Word, number>>): Weighted<Word> {
  const words = Object.keys(weights).flatMap((word) =>
    Array.from({ length: weights[word as Word] }, () => word as Word),
  );
  return {
    weights,
    choose(dice) {
      const word = words[dice.roll(words.length)];
      if (word === undefined) throw new TypeError("every weight is 0: one must be more");
      return word;
    },
  };
}
