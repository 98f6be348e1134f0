import { expect, test } from "bun:test";
import { measureStarts } from "./measure.ts";

const script = (text: string) => ({ name: text, words: ["/bin/sh", "-c", text], environment: {} });

test("each command is started as often as the others, and the longer one takes longer", async () => {
  const starts = await measureStarts([script("echo x"), script("sleep 0.2; echo x")], 3);
  expect(starts.map((one) => one.length)).toEqual([3, 3]);
  const [short = [], long = []] = starts;
  expect(Math.min(...long)).toBeGreaterThan(Math.min(...short));
});

test("a command that fails is no figure", async () => {
  expect(measureStarts([script("echo why >&2; exit 3")], 1)).rejects.toThrow("ended with 3 and said: why");
});

test("a command that says nothing is no figure", async () => {
  expect(measureStarts([script("true")], 1)).rejects.toThrow("ended with 0 and said: ");
});
