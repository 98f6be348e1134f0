import { expect, test } from "bun:test";
import { merged } from "./merged-iterables.ts";

/** Counts up to `most`, and how far it has been asked to. */
function counter(name: string, most: number): { made: number; items(): AsyncGenerator<string> } {
  return {
    made: 0,
    async *items() {
      while (this.made < most) yield `${name}${++this.made}`;
    },
  };
}

async function collected(items: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("sources take turns, and each keeps its order", async () => {
  const [busy, rare] = [counter("busy", 6), counter("rare", 2)];
  const all = await collected(merged([busy.items(), rare.items()], () => undefined));
  expect(all.filter((item) => item.startsWith("busy"))).toEqual([1, 2, 3, 4, 5, 6].map((n) => `busy${n}`));
  expect(all.indexOf("rare2")).toBeLessThan(all.indexOf("busy4"));
  expect(await collected(merged([], () => undefined))).toEqual([]);
});

test("nobody runs ahead of whoever listens", async () => {
  const source = counter("a", 100);
  for await (const item of merged([source.items()], () => undefined)) {
    if (item === "a3") break;
  }
  expect(source.made).toBeLessThanOrEqual(4);
});

test("whoever leaves ends the sources and waits for them", async () => {
  const left = new AbortController();
  const ended: string[] = [];
  async function* silent(): AsyncGenerator<string> {
    yield "first";
    await new Promise<void>((resolve) => left.signal.addEventListener("abort", () => resolve()));
    ended.push("silent");
  }
  for await (const item of merged([silent(), counter("b", 3).items()], () => left.abort())) {
    if (item === "b2") break;
  }
  expect(ended).toEqual(["silent"]);
});

test("what a source throws is thrown, after the others have ended", async () => {
  const left = new AbortController();
  async function* broken(): AsyncGenerator<string> {
    yield "one";
    throw new Error("a bug");
  }
  async function* patient(): AsyncGenerator<string> {
    yield "two";
    await new Promise<void>((resolve) => left.signal.addEventListener("abort", () => resolve()));
  }
  const all = collected(merged([broken(), patient()], () => left.abort()));
  expect(await all.catch(String)).toBe("Error: a bug");
  expect(left.signal.aborted).toBe(true);
});
