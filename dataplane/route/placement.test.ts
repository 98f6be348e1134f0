import { expect, test } from "bun:test";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { Update } from "../../model/update.ts";
import { createPlacement } from "./placement.ts";
import { bridgeRoute, hostRoute, link, pod, put, remove, testHost } from "./test-host.ts";

/** `NAME INTERFACE`, `NAME by address`, `NAME by address through INTERFACE` or `NAME gone`. */
function told(updates: readonly Update[]): string[] {
  return updates.map((update) => {
    if (update.kind !== "endpoint") return update.kind;
    const name = update.id.slice("shop/".length);
    if (update.value === undefined) return `${name} gone`;
    const { attachment } = update.value;
    if (attachment?.kind === "interface") return `${name} ${attachment.name}`;
    const through = attachment?.through === undefined ? "" : ` through ${attachment.through}`;
    return `${name} by ${attachment?.kind}${through}`;
  });
}

test("an endpoint with a host route of its own is attached by the interface, whatever the datastore guessed", () => {
  const placement = createPlacement(testHost({ "10.1.0.5": hostRoute("veth5") }));
  const guess = { kind: "interface", name: "cali0123" as InterfaceName } as const;
  expect(told(placement.place([put(pod("a", "10.1.0.5", { attachment: guess }))]))).toEqual(["a veth5"]);
});

test.each([
  ["no route", undefined],
  ["a bridge to a gateway", { ...bridgeRoute("br0"), direct: false }],
  ["a network's route", { ...hostRoute("veth5"), prefixLength: 31 }],
  ["a gateway", { ...hostRoute("veth5"), direct: false }],
  ["several ways", { prefixLength: 32, direct: false, link: undefined }],
  ["hardware", { ...hostRoute("eth0"), link: link("eth0", { kind: "" }) }],
  ["a tunnel", { ...hostRoute("flannel.1"), link: link("flannel.1", { kind: "vxlan" }) }],
  ["a port of a bridge", { ...hostRoute("veth5"), link: link("veth5", { master: 3 }) }],
])("with %s it is found by its address", (_, route) => {
  const placement = createPlacement(testHost(route === undefined ? {} : { "10.1.0.5": route }));
  expect(told(placement.place([put(pod("a", "10.1.0.5"))]))).toEqual(["a by address"]);
});

test.each([
  ["a bridge", bridgeRoute("cni0")],
  ["a host route onto a bridge", { ...bridgeRoute("cni0"), prefixLength: 32 }],
])("with %s it is found by its address, and the bridge is named", (_, route) => {
  const host = testHost({ "10.1.0.5": route });
  const placement = createPlacement(host);
  expect(told(placement.place([put(pod("a", "10.1.0.5"))]))).toEqual(["a by address through cni0"]);
  host.routes.set("10.1.0.5", bridgeRoute("cni1"));
  expect(told(placement.again())).toEqual(["a by address through cni1"]);
  expect(placement.again()).toEqual([]);
  host.routes.clear();
  expect(told(placement.again())).toEqual(["a by address"]);
});

test("of several bridges the one of the first address that has any is named", () => {
  const host = testHost({ "10.1.0.5": bridgeRoute("cni0"), "fd00::5": bridgeRoute("cni1") });
  const placement = createPlacement(host);
  const pods = [pod("a", "10.1.0.5 fd00::5"), pod("b", "10.1.0.6 fd00::5")];
  expect(told(placement.place(pods.map(put)))).toEqual([
    "a by address through cni0",
    "b by address through cni1",
  ]);
});

test("both families must agree", () => {
  const host = testHost({ "10.1.0.5": hostRoute("veth5"), "fd00::5": hostRoute("veth5", 6) });
  const placement = createPlacement(host);
  expect(told(placement.place([put(pod("a", "10.1.0.5 fd00::5"))]))).toEqual(["a veth5"]);
  host.routes.set("fd00::5", { ...hostRoute("veth5", 6), prefixLength: 32 });
  expect(told(placement.again())).toEqual(["a by address through veth5"]);
  host.routes.set("fd00::5", hostRoute("veth6", 6));
  expect(told(placement.again())).toEqual([]);
  host.routes.set("fd00::5", hostRoute("veth5", 6));
  expect(told(placement.again())).toEqual(["a veth5"]);
});

test("two that begin and cease to share an interface are both told", () => {
  const host = testHost({ "10.1.0.5": hostRoute("shared"), "10.1.0.6": hostRoute("shared") });
  const placement = createPlacement(host);
  expect(told(placement.place([put(pod("a", "10.1.0.5"))]))).toEqual(["a shared"]);
  expect(told(placement.place([put(pod("b", "10.1.0.6"))]))).toEqual([
    "b by address through shared",
    "a by address through shared",
  ]);
  expect(told(placement.place([remove("b")]))).toEqual(["b gone", "a shared"]);
  expect(told(placement.place([put(pod("b", "10.1.0.6"))]))).toEqual([
    "b by address through shared",
    "a by address through shared",
  ]);
  host.routes.set("10.1.0.6", hostRoute("own"));
  expect(told(placement.again())).toEqual(["a shared", "b own"]);
});

test("an address that passes to the next pod takes its interface along while the last one is being deleted", () => {
  const placement = createPlacement(testHost({ "10.1.0.5": hostRoute("veth5") }));
  placement.place([put(pod("old", "10.1.0.5"))]);
  const leaving = put(pod("old", "10.1.0.5", { deleting: true }));
  expect(told(placement.place([leaving]))).toEqual(["old veth5"]);
  expect(told(placement.place([put(pod("new", "10.1.0.5"))]))).toEqual(["new veth5", "old by address"]);
});

test("a finished pod has no interface", () => {
  const placement = createPlacement(testHost({ "10.1.0.5": hostRoute("veth5") }));
  const finished = put(pod("done", "10.1.0.5", { finished: true }));
  expect(told(placement.place([finished, put(pod("a", "10.1.0.5"))]))).toEqual([
    "done by address",
    "a veth5",
  ]);
});

test("what is not of this node passes as it is", () => {
  const host = testHost();
  const placement = createPlacement(host);
  placement.place([put(pod("a", "10.1.0.5"))]);
  host.asked = 0;
  const remote = put(pod("far", "10.2.0.5", { attachment: undefined }));
  const updates: Update[] = [
    remote,
    remove("farther"),
    { kind: "policy", id: "x" as never, value: undefined },
  ];
  expect(placement.place(updates)).toBe(updates);
  expect(host.asked).toBe(0);
  expect(placement.place([remote, put(pod("b", "10.1.0.6"))])[0]).toBe(remote);
});

test("an endpoint that moves to another node is forgotten", () => {
  const host = testHost({ "10.1.0.5": hostRoute("veth5") });
  const placement = createPlacement(host);
  placement.place([put(pod("a", "10.1.0.5"))]);
  const moved = put(pod("a", "10.1.0.5", { attachment: undefined }));
  expect(placement.place([moved])).toEqual([moved]);
  host.routes.clear();
  expect(placement.again()).toEqual([]);
});

test("what is repeated comes back as the same object", () => {
  const placement = createPlacement(testHost({ "10.1.0.5": hostRoute("veth5") }));
  const update = put(pod("a", "10.1.0.5"));
  const value = (updates: readonly Update[]) => updates[0]?.kind === "endpoint" && updates[0].value;
  const first = value(placement.place([update]));
  expect(value(placement.place([update]))).toBe(first);
  expect(placement.again()).toEqual([]);
});

test("a list that names an endpoint twice ends with its last value", () => {
  const host = testHost({ "10.1.0.5": hostRoute("veth5"), "10.1.0.6": hostRoute("veth6") });
  const placement = createPlacement(host);
  expect(told(placement.place([put(pod("a", "10.1.0.5")), put(pod("a", "10.1.0.6"))])).at(-1)).toBe(
    "a veth6",
  );
  expect(told(placement.place([put(pod("a", "10.1.0.5")), remove("a")])).at(-1)).toBe("a gone");
  expect(placement.again()).toEqual([]);
  expect(told(placement.place([remove("a"), put(pod("a", "10.1.0.5"))])).at(-1)).toBe("a veth5");
});

test("bridges are named with those behind them, once for each family", () => {
  const host = testHost({
    "10.1.0.5": bridgeRoute("cni0"),
    "fd00::5": bridgeRoute("cni0", { ipv4: false, ipv6: true }),
    "10.1.0.6": bridgeRoute("cni0"),
    "10.1.0.7": hostRoute("veth7"),
  });
  const placement = createPlacement(host);
  const pods = [pod("a", "10.1.0.5 fd00::5"), pod("b", "10.1.0.6"), pod("c", "10.1.0.7")];
  placement.place(pods.map(put));
  expect(placement.bridges().map(({ endpoints, ...bridge }) => [bridge, endpoints.join(" ")])).toEqual([
    [{ name: "cni0", family: 4, callsHooks: { ipv4: false, ipv6: false } }, "shop/a shop/b"],
    [{ name: "cni0", family: 6, callsHooks: { ipv4: false, ipv6: true } }, "shop/a"],
  ]);
  placement.place([remove("a"), remove("b")]);
  expect(placement.bridges()).toEqual([]);
});
