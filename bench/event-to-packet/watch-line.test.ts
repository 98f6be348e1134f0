import { expect, test } from "bun:test";
import { eventKey } from "./watch-line.ts";

test("a line of a watch is known by its type and its object's name", () => {
  const metadata = '"metadata":{"name":"late-3","namespace":"bench","labels":{"name":"other"}}';
  const line = `{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1",${metadata},"spec":{"name":"x"}}}`;
  expect(eventKey(line)).toBe("MODIFIED late-3");
});
