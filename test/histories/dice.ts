/** Random choices that a number repeats: a generator of its own, since histories choose far more often than they are long. */
export interface Dice {
  /** 0 up to `sides`, exclusive. */
  roll(sides: number): number;
  /** True once in so many times. */
  oneIn(times: number): boolean;
  shuffled<Item>(items: readonly Item[]): Item[];
}

/** mulberry32. */
export function createDice(seed: number): Dice {
  let state = seed | 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const roll = (sides: number): number => Math.floor(random() * sides);
  return {
    roll,
    oneIn: (times) => roll(times) === 0,
    shuffled(items) {
      const left = [...items];
      const taken: (typeof items)[number][] = [];
      while (left.length > 0) taken.push(...left.splice(roll(left.length), 1));
      return taken;
    },
  };
}
