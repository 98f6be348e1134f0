import { expect, test } from "bun:test";
import type { Condition } from "../../adapters/datastore.ts";
import type { HostCondition } from "../../dataplane/preflight/condition.ts";
import { bridgeRoute, hostRoute, pod, testHost } from "../../dataplane/route/test-host.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Update } from "../../model/update.ts";
import { watchNodeHost } from "./node-host.ts";
import { until } from "../test-parts.ts";

function updateOf(value: Endpoint): Update {
  return { kind: "endpoint", id: value.id, value };
}

function attachments(updates: readonly Update[]): unknown[] {
  return updates.map((update) => (update.kind === "endpoint" ? update.value?.attachment : update.kind));
}

/** A host of a test's own, with everything that it told. */
function start(placing = true) {
  const host = testHost({ "10.0.0.1": hostRoute("veth1"), "10.0.0.2": bridgeRoute("cni0") });
  const moved: Update[] = [];
  const told: (readonly Condition[])[] = [];
  const bridges: string[][] = [];
  let changed = (): void => {};
  let closed = 0;
  const close = { [Symbol.dispose]: () => void closed++ };
  const watched = watchNodeHost({
    placing,
    unknownEndpoint: "drop",
    moved: (updates) => moved.push(...updates),
    conditions: (conditions) => told.push(conditions),
    trouble: () => {},
    gatherMilliseconds: 1,
    follow: (options) => {
      changed = options.changed;
      return { ...host, linkNamed: () => undefined, ...close };
    },
    inspect: (options) => {
      const look = (): void => {
        bridges.push(options.bridges().map(({ name }) => name));
        const conditions: HostCondition[] = options
          .bridges()
          .map(({ name }) => ({ kind: "failure", text: name }));
        options.told(conditions);
      };
      look();
      return { again: look, ...close };
    },
  });
  return { watched, host, moved, told, bridges, changed: () => changed(), closed: () => closed };
}

test("endpoints of this node are placed by the routes, all else passes", () => {
  using started = start().watched;
  const given = [updateOf(pod("web", "10.0.0.1")), updateOf(pod("db", "10.0.0.2"))];
  expect(attachments(started.place(given))).toEqual([
    { kind: "interface", name: "veth1" },
    { kind: "address", through: "cni0" },
  ]);
  const others: Update[] = [{ kind: "namespace", name: "shop", value: undefined }];
  expect(started.place(others)).toBe(others);
});

test("a route that changes moves the endpoint, and the host is looked at again", async () => {
  const { watched, host, moved, told, changed } = start();
  using placed = watched;
  placed.place([updateOf(pod("web", "10.0.0.1"))]);
  host.routes.set("10.0.0.1", bridgeRoute("cni0"));
  changed();
  expect(attachments(moved)).toEqual([{ kind: "address", through: "cni0" }]);
  await until(() => told.at(-1)?.length === 1);
  changed();
  expect(moved).toHaveLength(1);
});

test("many changes lead to one look", async () => {
  const { watched, bridges } = start();
  using placed = watched;
  for (let at = 0; at < 50; at++)
    placed.place([updateOf(pod("db", "10.0.0.2", { labels: { at: `${at}` } }))]);
  await until(() => bridges.length > 1);
  expect(bridges).toEqual([[], ["cni0"]]);
});

test("where pods have Calico's interfaces nothing is placed; the host is looked at all the same", () => {
  const { watched, told } = start(false);
  using placed = watched;
  const given = [updateOf(pod("web", "10.0.0.1"))];
  expect(placed.place(given)).toBe(given);
  expect(told).toEqual([[]]);
});

test("closing closes all that it opened, and it looks no more", async () => {
  const { watched, bridges, closed } = start();
  watched.place([updateOf(pod("db", "10.0.0.2"))]);
  watched[Symbol.dispose]();
  expect(closed()).toBe(2);
  await Bun.sleep(5);
  expect(bridges).toHaveLength(1);
});

test("where the host cannot be inspected, what was opened before is closed", () => {
  let closed = 0;
  const follow = () => ({ ...testHost(), linkNamed: () => undefined, [Symbol.dispose]: () => void closed++ });
  const inspect = (): never => {
    throw new Error("EPERM");
  };
  const listener = { moved: () => {}, conditions: () => {}, trouble: () => {} };
  expect(() =>
    watchNodeHost({ placing: true, unknownEndpoint: "drop", ...listener, follow, inspect }),
  ).toThrow("EPERM");
  expect(closed).toBe(1);
});
