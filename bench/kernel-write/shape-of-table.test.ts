import { expect, test } from "bun:test";
import { shapeFor } from "./shape-of-table.ts";

const NONE = { chains: 9, sets: 12 };

test("endpoints bring the sets, isolated ones the chains that are wanting", () => {
  const found = { none: NONE, endpoints: { chains: 29, sets: 32 }, isolated: { chains: 19, sets: 12 } };
  expect(shapeFor({ chains: 2500, sets: 2000 }, found)).toEqual({ endpoints: 994, isolated: 503 });
});

test("nobody is isolated where the endpoints have chains enough", () => {
  const found = { none: NONE, endpoints: { chains: 59, sets: 22 }, isolated: { chains: 19, sets: 12 } };
  expect(shapeFor({ chains: 2500, sets: 2000 }, found)).toEqual({ endpoints: 1988, isolated: 0 });
});
