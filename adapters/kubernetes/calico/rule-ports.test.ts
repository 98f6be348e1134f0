import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { PolicyPort } from "./kubernetes-policy.ts";
import { portsByProtocol } from "./rule-ports.ts";

function tcp(ports: readonly PolicyPort[]): unknown {
  const [group, ...others] = portsByProtocol(ports);
  expect(others).toEqual([]);
  expect(group?.protocol).toBe("TCP");
  return group?.ports;
}

test.each<[string, PolicyPort[], unknown]>([
  ["one number", [{ port: 80 }], [80]],
  ["one name", [{ port: "http" }], ["http"]],
  ["neighbours", [{ port: 82 }, { port: 80 }, { port: 81 }, { port: 9090 }], ["80:82", 9090]],
  ["a number twice", [{ port: 80 }, { port: 80 }], [80]],
  ["a range", [{ port: 80, endPort: 90 }], ["80:90"]],
  ["a range of one", [{ port: 80, endPort: 80 }], [80]],
  [
    "ranges that touch",
    [
      { port: 80, endPort: 90 },
      { port: 91, endPort: 92 },
    ],
    ["80:92"],
  ],
  ["a range in a range", [{ port: 1, endPort: 65_535 }, { port: 80 }], ["1:65535"]],
  ["names before numbers", [{ port: 80 }, { port: "http" }, { port: 81 }], ["http", "80:81"]],
  ["a name and a number in their order", [{ port: 80 }, { port: "http" }], [80, "http"]],
  ["a number written as text", [{ port: "80" }], [80]],
  ["the protocol as a whole", [{ port: 80 }, { protocol: "TCP" }], undefined],
])("%s", (_, given, ports) => {
  expect(tcp(given)).toEqual(ports);
});

test("no ports are every protocol", () => {
  expect(portsByProtocol([])).toEqual([{ protocol: undefined, ports: undefined }]);
});

test("protocols are apart", () => {
  expect(
    portsByProtocol([{ protocol: "UDP", port: 53 }, { port: 53 }, { protocol: "SCTP", port: 1 }]),
  ).toEqual([
    { protocol: "SCTP", ports: [1] },
    { protocol: "TCP", ports: [53] },
    { protocol: "UDP", ports: [53] },
  ]);
});

test("ranges hold exactly the numbers that were given, and do not touch", () => {
  const number = fc.integer({ min: 1, max: 40 });
  const given = fc.array(fc.tuple(number, fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(given, (ranges) => {
      const written = tcp(ranges.map(([port, more]) => ({ port, endPort: port + more }))) as (
        | string
        | number
      )[];
      const expected = new Set(
        ranges.flatMap(([port, more]) => Array.from({ length: more + 1 }, (_, at) => port + at)),
      );
      const read = written.map((text) => String(text).split(":").map(Number));
      const found = read.flatMap(([first = 0, last = first]) =>
        Array.from({ length: last - first + 1 }, (_, at) => first + at),
      );
      expect(found.toSorted((a, b) => a - b)).toEqual([...expected].toSorted((a, b) => a - b));
      const gaps = read.slice(1).map(([first = 0], at) => first - (read[at]?.at(-1) ?? 0));
      expect(gaps.every((gap) => gap > 1)).toBe(true);
    }),
  );
});
