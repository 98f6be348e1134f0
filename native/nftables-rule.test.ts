import { expect, test } from "bun:test";
import {
  attributeBytes,
  attributeText,
  attributeU32,
  beginNested,
  createMessageBuffer,
  endAttribute,
  type MessageBuffer,
  writeBytes,
} from "./message-buffer.ts";
import { readRule } from "./nftables-rule.ts";

const HANDLE = new Uint8Array([0, 0, 0, 0, 0, 0, 1, 2]);

function nest(buffer: MessageBuffer, type: number, body: () => void): void {
  const start = beginNested(buffer, type);
  body();
  endAttribute(buffer, start);
}

/** One expression of a rule's list. */
function expression(buffer: MessageBuffer, name: string, data: () => void): void {
  nest(buffer, 1, () => {
    attributeText(buffer, 1, name);
    nest(buffer, 2, data);
  });
}

function ruleOf(body: (buffer: MessageBuffer) => void): Uint8Array {
  const buffer = createMessageBuffer(512);
  writeBytes(buffer, new Uint8Array(4));
  attributeText(buffer, 1, "filter");
  attributeText(buffer, 2, "FORWARD");
  attributeBytes(buffer, 3, HANDLE);
  body(buffer);
  return buffer.bytes.slice(0, buffer.length);
}

test("jumps, and comments in the manner of iptables and of nft, are read out of any other expressions", () => {
  const rule = ruleOf((buffer) => {
    nest(buffer, 4, () => {
      expression(buffer, "match", () => {
        attributeText(buffer, 1, "comment");
        attributeU32(buffer, 2, 0);
        attributeText(buffer, 3, "cali:wUHhoiAYhphO9Mso");
      });
      expression(buffer, "match", () => {
        attributeText(buffer, 1, "mark");
        attributeText(buffer, 3, "cali:no comment");
      });
      expression(buffer, "of the future", () => attributeU32(buffer, 2, 7));
      expression(buffer, "immediate", () => {
        attributeU32(buffer, 1, 0);
        nest(buffer, 2, () =>
          nest(buffer, 2, () => {
            attributeU32(buffer, 1, 0xfffffffd);
            attributeText(buffer, 2, "cali-FORWARD");
          }),
        );
      });
    });
    // Something that is no comment stands before it.
    attributeBytes(buffer, 7, new Uint8Array([1, 2, 9, 9, 0, 3, 0x68, 0x69, 0]));
  });
  expect(readRule(rule)).toEqual({
    chain: "FORWARD",
    handle: HANDLE,
    targets: ["cali-FORWARD"],
    comments: ["cali:wUHhoiAYhphO9Mso", "hi"],
  });
});

test("a rule without expressions leads nowhere, and what is no rule is none", () => {
  expect(readRule(ruleOf(() => {}))).toEqual({ chain: "FORWARD", handle: HANDLE, targets: [], comments: [] });
  expect(readRule(new Uint8Array(4))).toBeUndefined();
  const cut = ruleOf((buffer) => attributeBytes(buffer, 7, new Uint8Array([0, 200, 0x68])));
  expect(readRule(cut)?.comments).toEqual(["h"]);
});
