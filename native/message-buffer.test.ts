import { expect, test } from "bun:test";
import {
  attributeText,
  attributeU32,
  beginMessage,
  beginNested,
  createMessageBuffer,
  endAttribute,
  endMessage,
  type MessageBuffer,
  writeU16,
  writeU8,
} from "./message-buffer.ts";
import {
  attributeNumber,
  attributeString,
  messageErrno,
  netlinkAttributes,
  netlinkMessages,
  NLMSG_ERROR,
} from "./netlink-messages.ts";

function twoMessages(buffer: MessageBuffer): Uint8Array {
  buffer.length = 0;
  for (const name of ["a", "häuser"]) {
    const start = beginMessage(buffer, 0x0a00, 0x401, name.length);
    writeU8(buffer, 1);
    writeU8(buffer, 0);
    writeU16(buffer, 10);
    attributeText(buffer, 1, name);
    const nested = beginNested(buffer, 2);
    attributeU32(buffer, 3, 0xfffffff6);
    endAttribute(buffer, nested);
    endMessage(buffer, start);
  }
  return buffer.bytes.slice(0, buffer.length);
}

test("what is written can be read back", () => {
  const messages = netlinkMessages(twoMessages(createMessageBuffer()));
  expect(messages.map(({ type, flags, sequence, portId }) => [type, flags, sequence, portId])).toEqual([
    [0x0a00, 0x401, 1, 0],
    [0x0a00, 0x401, 6, 0],
  ]);
  const attributes = messages.map(({ payload }) => netlinkAttributes(payload, 4));
  expect(attributes.map((one) => attributeString(one.get(1)))).toEqual(["a", "häuser"]);
  for (const one of attributes) {
    const nested = netlinkAttributes(one.get(2) ?? new Uint8Array());
    expect(attributeNumber(nested.get(3))).toBe(0xfffffff6);
  }
});

test("the layout is netlink's: lengths without padding, everything at multiples of four", () => {
  const bytes = twoMessages(createMessageBuffer());
  const first = "28000000 000a0104 01000000 00000000 0100000a 06000100 61000000 0c000280 08000300 fffffff6";
  expect(bytes.subarray(0, 40).toHex()).toBe(first.replaceAll(" ", ""));
});

test("a buffer that grows and one that was used before give the same bytes", () => {
  const wanted = twoMessages(createMessageBuffer());
  const tiny = createMessageBuffer(1);
  expect(twoMessages(tiny)).toEqual(wanted);
  tiny.bytes.fill(0xaa);
  expect(twoMessages(tiny)).toEqual(wanted);
});

test("cut-off messages and attributes are left out", () => {
  const bytes = twoMessages(createMessageBuffer());
  expect(netlinkMessages(bytes.subarray(0, bytes.length - 1))).toHaveLength(1);
  expect(netlinkAttributes(Uint8Array.of(8, 0, 1, 0, 0))).toEqual(new Map());
  expect(netlinkAttributes(Uint8Array.of(0, 0, 1, 0))).toEqual(new Map());
});

test("errors are told from other messages", () => {
  const message = {
    type: NLMSG_ERROR,
    flags: 0,
    sequence: 1,
    portId: 0,
    payload: Uint8Array.of(0xfe, 255, 255, 255),
  };
  expect(messageErrno(message)).toBe(2);
  expect(messageErrno({ ...message, payload: new Uint8Array(4) })).toBe(0);
  expect(messageErrno({ ...message, type: 0x0a00 })).toBeUndefined();
});
