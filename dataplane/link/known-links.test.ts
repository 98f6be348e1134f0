import { expect, test } from "bun:test";
import type { Link } from "../../native/link-message.ts";
import { link as linkNamed } from "../route/test-host.ts";
import { createKnownLinks } from "./known-links.ts";

function link(index: number, name: string): Link {
  return linkNamed(name, { index });
}

test("a link is asked for once, until something says that it changed", () => {
  const asked: number[] = [];
  const links = createKnownLinks((index) => {
    asked.push(index);
    return index === 9 ? undefined : link(index, `asked${index}`);
  });
  expect([links.get(1), links.get(1), links.get(2)].map((found) => found?.name)).toEqual([
    "asked1",
    "asked1",
    "asked2",
  ]);
  expect(asked).toEqual([1, 2]);
  links.take([{ kind: "present", link: link(1, "renamed") }]);
  expect(links.get(1)?.name).toBe("renamed");
  expect(asked).toEqual([1, 2]);
  links.take([
    { kind: "gone", index: 1 },
    { kind: "unclear", index: 2 },
  ]);
  expect([links.get(1)?.name, links.get(2)?.name]).toEqual(["asked1", "asked2"]);
  links.forget();
  links.get(2);
  expect(asked).toEqual([1, 2, 1, 2, 2]);
});

test("what is not there is asked for each time, and what nobody asked for is not kept", () => {
  let asked = 0;
  const links = createKnownLinks(() => {
    asked++;
    return undefined;
  });
  links.take([{ kind: "present", link: link(3, "unasked") }]);
  expect([links.get(3), links.get(3)]).toEqual([undefined, undefined]);
  expect(asked).toBe(2);
});
