import { expect, test } from "bun:test";
import { errorCode, errorCodeOrMessage } from "./error-code.ts";

test.each([
  ["of the system", Object.assign(new Error("no such file"), { code: "ENOENT" }), "ENOENT", "ENOENT"],
  ["with a number", new DOMException("it was given up", "AbortError"), "20", "20"],
  ["without a code", new Error("it broke"), undefined, "it broke"],
  ["that is none", "thrown", undefined, "thrown"],
  ["that is none and has a code", { code: "ENOENT" }, undefined, "[object Object]"],
])("an error %s", (_, error, code, told) => {
  expect(errorCode(error)).toBe(code);
  expect(errorCodeOrMessage(error)).toBe(told);
});
