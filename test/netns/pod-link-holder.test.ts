import { expect, test } from "bun:test";
import { testRecord } from "../../agent/pods/test-records.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { ip } from "./other-cni/commands.ts";
import { linkedHost, veth } from "./pod-links/host.ts";

test("a container has its interface for as long as the kernel says that it is its", () => {
  const name = podInterfaceName("x", "a");
  using host = linkedHost({ before: veth("pair0") });
  ip(host.namespace, "link set pair0 down", `link set pair0 name ${name}`);
  const record = testRecord("c1");
  expect(host.links.holds(record)).toBe(false);
  ip(host.namespace, `link set ${name} alias c1`);
  expect(host.links.holds(record)).toBe(true);
  expect(host.links.holds(testRecord("c2"))).toBe(false);
  expect(host.links.holds(testRecord("c1", { pod: "b" }))).toBe(false);
  ip(host.namespace, `link delete ${name}`);
  expect(host.links.holds(record)).toBe(false);
});
