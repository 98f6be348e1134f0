import { expect, test } from "bun:test";
import { measurePacketPath } from "../../bench/packet-path/packet-path.ts";
import { openDescriptors, openedSince } from "../open-descriptors.ts";

test("the packet path is measured through every table, and nothing is left behind", async () => {
  // The first run loads libraries, which stay open.
  for await (const _ of measurePacketPath({ rounds: 1, passes: 1, milliseconds: 1 }, () => {}));
  const before = openDescriptors();
  const results = await Array.fromAsync(
    measurePacketPath({ rounds: 2, passes: 1, milliseconds: 5 }, () => {}),
  );
  expect(openedSince(before)).toEqual([]);
  const ways = navigator.hardwareConcurrency > 1 ? 2 : 1;
  for (const metric of ["packet_path_throughput_bits_per_second", "packet_path_connections_per_second"]) {
    const rates = results.filter((one) => one.metric === metric && one.labels["family"] === "ipv4");
    expect(rates).toHaveLength(7 * ways);
    for (const { p50, n } of rates) {
      expect(p50).toBeGreaterThan(0);
      expect(n).toBe(2);
    }
  }
  const path = results.filter(
    ({ metric, labels }) => metric === "packet_path_ratio" && labels["of"] === "connections",
  );
  for (const { p50 } of path) expect(p50).toBeGreaterThan(0);
  const loads = results.filter(({ metric }) => metric === "packet_path_load_user_ratio");
  expect(loads).toHaveLength(ways);
  for (const { p50 } of loads) expect(p50).toBeLessThan(1);
}, 60_000);
