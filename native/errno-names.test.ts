import { expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoSymbol, errnoSymbolOfText, errnoText } from "./errno-names.ts";

test("every symbol has the system's number", () => {
  let known = 0;
  for (const [symbol, errno] of Object.entries(constants.errno)) {
    if (errnoSymbol(errno) === `E${errno}`) continue;
    known++;
    // EWOULDBLOCK and ENOTSUP are second names.
    if (symbol !== "EWOULDBLOCK" && symbol !== "ENOTSUP") expect(errnoSymbol(errno)).toBe(symbol);
    expect(errnoSymbolOfText(errnoText(errno))).toBe(errnoSymbol(errno));
  }
  expect(known).toBeGreaterThan(60);
});

test("what sockets answer has a name", () => {
  expect([88, 104, 107, 524].map(errnoSymbol)).toEqual(["ENOTSOCK", "ECONNRESET", "ENOTCONN", "ENOTSUPP"]);
});

test("a number that is not in the table stays one", () => {
  expect([errnoSymbol(4_000), errnoText(4_000)]).toEqual(["E4000", "error 4000"]);
  expect(errnoSymbolOfText("no words of glibc")).toBeUndefined();
});
