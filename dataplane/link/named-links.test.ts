import { expect, test } from "bun:test";
import { link } from "../route/test-host.ts";
import { createNamedLinks, type NamedLinks } from "./named-links.ts";

function world(): {
  readonly there: Map<string, number>;
  readonly asked: string[];
  readonly links: NamedLinks;
} {
  const there = new Map<string, number>();
  const asked: string[] = [];
  const links = createNamedLinks((name) => {
    asked.push(name);
    const index = there.get(name);
    return index === undefined ? undefined : link(name, { index });
  });
  return { there, asked, links };
}

test("a link is asked for once, one that is missing each time", () => {
  const { there, asked, links } = world();
  expect([links.get("a")?.index, links.get("a")?.index]).toEqual([undefined, undefined]);
  there.set("a", 1);
  expect([links.get("a")?.index, links.get("a")?.index]).toEqual([1, 1]);
  expect(asked).toEqual(["a", "a", "a"]);
  links.forget();
  there.set("a", 2);
  expect(links.get("a")?.index).toBe(2);
});

test("what an event says is known no more, with both names of a link that was renamed", () => {
  const { there, links } = world();
  there.set("a", 1).set("b", 2);
  links.get("a");
  links.get("b");
  there.set("c", 1).delete("a");
  expect(links.take({ kind: "present", link: link("c", { index: 1 }) })).toEqual(["a", "c"]);
  expect([links.get("a")?.index, links.get("b")?.index, links.get("c")?.index]).toEqual([undefined, 2, 1]);
  there.delete("b");
  expect(links.take({ kind: "gone", index: 2 })).toEqual(["b"]);
  expect(links.get("b")).toBeUndefined();
  expect(links.take({ kind: "unclear", index: 9 })).toEqual([]);
});

test("a new link of an old name is the one, in whatever order it is told", () => {
  const { there, links } = world();
  there.set("a", 1);
  links.get("a");
  there.set("a", 5);
  expect(links.take({ kind: "present", link: link("a", { index: 5 }) })).toEqual(["a"]);
  expect(links.get("a")?.index).toBe(5);
  expect(links.take({ kind: "gone", index: 1 })).toEqual(["a"]);
  expect(links.get("a")?.index).toBe(5);
});
