import { expect, test } from "bun:test";
import { createSharing } from "./sharing.ts";

test("equal labels are one object, whatever object they came in", () => {
  const sharing = createSharing();
  const first = sharing.labels({ app: "web", constructor: "c" });
  expect(first).toEqual({ app: "web", constructor: "c" });
  expect(sharing.labels({ app: "web", constructor: "c" })).toBe(first);
  expect(sharing.labels({ app: "web" })).not.toBe(first);
  expect(sharing.labels({})).toBe(sharing.labels({}));
  expect(sharing.labels({ a: "b", c: "" })).toEqual({ a: "b", c: "" });
});

test("keys and values never run into each other", () => {
  const sharing = createSharing();
  const sets = [{ a: "b", c: "" }, { a: "b" }, { a: "", b: "" }, { ab: "" }, { a: "" }].map((labels) =>
    sharing.labels(labels),
  );
  expect(new Set(sets).size).toBe(5);
});

test("equal ports are one list, and what they came in is not held", () => {
  const sharing = createSharing();
  const given = [{ name: "web", protocol: 6, port: 80 }];
  const shared = sharing.ports(given);
  expect(shared).toEqual(given);
  expect(shared).not.toBe(given);
  expect(sharing.ports(structuredClone(given))).toBe(shared);
  expect(sharing.ports([{ name: "web", protocol: 17, port: 80 }])).not.toBe(shared);
  expect(sharing.ports([])).toBe(sharing.ports([]));
});

test("what was not used for long is forgotten, and what is given out stays as it is", () => {
  const sharing = createSharing(2);
  const first = sharing.labels({ n: "1" });
  const used = sharing.labels({ n: "used" });
  for (let n = 2; n < 20; n++) {
    sharing.labels({ n: String(n) });
    expect(sharing.labels({ n: "used" })).toBe(used);
  }
  expect(sharing.labels({ n: "1" })).not.toBe(first);
  sharing.forget();
  expect(sharing.labels({ n: "used" })).not.toBe(used);
  expect(used).toEqual({ n: "used" });
});
