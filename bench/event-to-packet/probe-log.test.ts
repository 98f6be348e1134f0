import { expect, test } from "bun:test";
import { type Probe, turnOf } from "./probe-log.ts";

/** A letter a packet, one a millisecond from 100 on: `+` arrived, `-` did not. */
function log(text: string): Probe[] {
  return Array.from(text, (letter, index) => ({ sentAt: 100 + index, arrived: letter === "+" }));
}

test("the first packet that fares anew is found, and the last that did not", () => {
  expect(turnOf(log("---+++++"), true)).toEqual({ first: 103, lastBefore: 102 });
  expect(turnOf(log("++-----"), false)).toEqual({ first: 102, lastBefore: 101 });
});

test("what is not confirmed by five packets is no verdict", () => {
  expect(turnOf(log("---++++"), true)).toBeUndefined();
  expect(turnOf(log("+++----"), false)).toBeUndefined();
});

test("one lost packet among those that arrive moves nothing", () => {
  expect(turnOf(log("++-+++-----"), false)).toEqual({ first: 106, lastBefore: 105 });
});

test("a verdict that flaps counts from its last change on", () => {
  expect(turnOf(log("--+++-+++++"), true)).toEqual({ first: 106, lastBefore: 105 });
});

test("a log that begins with the new fate does not show the change", () => {
  expect(turnOf(log("+++++++"), true)).toBeUndefined();
  expect(turnOf([], true)).toBeUndefined();
});
