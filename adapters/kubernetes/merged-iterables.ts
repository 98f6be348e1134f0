/**
 * What several sources say, each in its own order, as it comes. Each may have one item waiting, so that none is starved and none
 * runs ahead. Throws what a source throws. `end` is called when it is over, however that came: it must make the sources end, and is
 * waited for.
 */
export async function* merged<Item>(
  sources: readonly AsyncIterable<Item>[],
  end: () => void,
): AsyncGenerator<Item, void> {
  const waiting: { readonly item: Item; readonly taken: () => void }[] = [];
  const failures: unknown[] = [];
  let left = false;
  const running = new Set(sources);
  let news = Promise.withResolvers<void>();
  const wake = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };

  const pump = async (source: AsyncIterable<Item>): Promise<void> => {
    try {
      for await (const item of source) {
        if (left) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push({ item, taken: resolve });
        wake();
        await promise;
        if (left) return;
      }
    } catch (error) {
      failures.push(error);
    } finally {
      running.delete(source);
      wake();
    }
  };

  const pumps = sources.map(pump);
  try {
    while (running.size > 0 || waiting.length > 0) {
      const change = news.promise;
      const next = waiting.shift();
      if (failures.length > 0) throw failures[0];
      if (next === undefined) {
        await change;
        continue;
      }
      try {
        yield next.item;
      } finally {
        next.taken();
      }
    }
    if (failures.length > 0) throw failures[0];
  } finally {
    left = true;
    end();
    for (const { taken } of waiting) taken();
    await Promise.all(pumps);
  }
}
