import { afterEach, beforeEach, expect, test } from "bun:test";
import { type ApiServer, startApiServer } from "../../test/api-server/api-server.ts";
import { plainClient } from "../../test/api-server/plain-client.ts";
import { type Follower, follow, pod } from "../behaviour.ts";
import type { DatastoreStatus } from "../datastore.ts";
import type { KubernetesClient } from "./connection/client.ts";
import { ConnectionError } from "./connection/connection-error.ts";
import { kubernetesDatastore } from "./datastore.ts";
import type { Pace } from "./reading/pace.ts";
import { uidOrder } from "../../model/uid-order.ts";

const QUICK: Partial<Pace> = { firstBackOff: 5, longestBackOff: 20, relistSpread: 5, shortWatch: 0 };
const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "here" },
  spec: { podCIDRs: ["10.0.1.0/24"] },
};

let server: ApiServer;
const followers: Follower[] = [];
beforeEach(async () => {
  server = await startApiServer();
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.stop();
  await server[Symbol.asyncDispose]();
});

function read(open: () => Promise<KubernetesClient> = async () => plainClient(server.url)): Follower {
  const follower = follow(kubernetesDatastore({ open, nodeName: "here", pace: QUICK }));
  followers.push(follower);
  return follower;
}

function statuses({ events }: Follower): DatastoreStatus[] {
  return events.flatMap((event) => (event.kind === "status" ? [event.status] : []));
}

const synced = (follower: Follower) => (): boolean => follower.events.some(({ kind }) => kind === "inSync");

test("a connection that cannot be opened is waited for, in the words of the error, and tried again", async () => {
  server.replaceAll([NODE]);
  const failures: Error[] = [
    new ConnectionError("configuration", {
      tried: "read the kubeconfig /etc/k",
      found: "the file does not exist",
      next: "set KUBECONFIG",
    }),
    new ConnectionError("configuration", {
      tried: "read the kubeconfig /etc/k",
      found: "the file does not exist",
      next: "set KUBECONFIG",
    }),
    new Error("something else"),
  ];
  const follower = read(async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return plainClient(server.url);
  });
  await follower.until(synced(follower));
  expect(statuses(follower).slice(0, 2)).toEqual([
    {
      kind: "waiting",
      for: "a connection to the API server (read the kubeconfig /etc/k: the file does not exist)",
      next: "set KUBECONFIG",
    },
    {
      kind: "waiting",
      for: "a connection to the API server (something else)",
      next: "mend what it says; it is tried again",
    },
  ]);
  expect(statuses(follower).at(-1)).toEqual({ kind: "connected" });
});

test("whoever stops while a connection is opened is not kept, and the connection is closed when it comes", async () => {
  const opening = Promise.withResolvers<KubernetesClient>();
  const closed = Promise.withResolvers<void>();
  const follower = read(() => opening.promise);
  await follower.stop();
  opening.resolve({ ...plainClient(server.url), [Symbol.dispose]: closed.resolve });
  await closed.promise;
  expect(follower.events).toEqual([]);
});

test("each reader has a connection of its own, and closes it", async () => {
  server.replaceAll([NODE]);
  const events: string[] = [];
  const open = async (): Promise<KubernetesClient> => {
    events.push("open");
    return { ...plainClient(server.url), [Symbol.dispose]: () => void events.push("closed") };
  };
  const [one, other] = [read(open), read(open)];
  await one.until(synced(one));
  await other.until(synced(other));
  await one.stop();
  expect(events).toEqual(["open", "open", "closed"]);
  server.apply(pod("late", "10.0.1.9") as never);
  await other.until(() => other.state.endpoints.size === 1);
});

test("only what policies need is asked for, in as many words as the server understands", async () => {
  await server[Symbol.asyncDispose]();
  server = await startApiServer({ refusedFields: ["spec.hostNetwork"] });
  const finished = { ...(pod("done", "10.0.1.3") as object), status: { phase: "Failed" } };
  const host = { ...(pod("host", "10.0.0.1") as object), spec: { hostNetwork: true } };
  const other = { ...NODE, metadata: { name: "there" } };
  server.replaceAll([NODE, other, pod("a", "10.0.1.1"), finished, host] as never[]);
  const follower = read();
  await follower.until(synced(follower));
  expect([...follower.state.endpoints.keys()].map(String)).toEqual(["x/a"]);
  expect([...follower.state.nodes]).toEqual([["here", { name: "here", podCidrs: ["10.0.1.0/24" as never] }]]);
  expect(new Set(server.requests.map(({ resource }) => resource))).toEqual(
    new Set(["pods", "namespaces", "networkpolicies", "nodes"]),
  );
  const selectors = server.requests
    .filter(({ resource }) => resource === "pods")
    .map(({ query }) => query["fieldSelector"]);
  expect(selectors[0]).toBe("status.phase!=Succeeded,status.phase!=Failed,spec.hostNetwork=false");
  expect(selectors.at(-1)).toBe("status.phase!=Succeeded,status.phase!=Failed");
});

test("a pod that finishes leaves, and its address is free at once (policy-bugs 18)", async () => {
  server.replaceAll([NODE, pod("a", "10.0.1.1")] as never[]);
  const follower = read();
  await follower.until(synced(follower));
  server.apply({
    ...(pod("a", "10.0.1.1") as object),
    status: { phase: "Succeeded", podIP: "10.0.1.1" },
  } as never);
  server.apply(pod("b", "10.0.1.1") as never);
  await follower.until(
    () => follower.state.endpoints.size === 1 && follower.state.endpoints.has("x/b" as never),
  );
});

test("a pod that is deleted and made again under its name is the new one (policy-bugs 22)", async () => {
  server.replaceAll([NODE, pod("a", "10.0.1.1", { v: "old" })] as never[]);
  const follower = read();
  await follower.until(synced(follower));
  for (let round = 1; round <= 20; round++) {
    server.remove("Pod", "x/a");
    server.apply(pod("a", `10.0.1.${round + 1}`, { v: String(round) }) as never);
  }
  const present = () => [...follower.state.endpoints.values()];
  await follower.until(() => present()[0]?.labels["v"] === "20");
  expect(present()).toMatchObject([{ addresses: ["10.0.1.21"], uidOrder: uidOrder("uid-22") }]);
});

test("a missing right is told with its verb, and granting it is enough", async () => {
  server.replaceAll([NODE]);
  const message =
    'pods is forbidden: User "agent" cannot list resource "pods" in API group "" at the cluster scope';
  const body = JSON.stringify({ kind: "Status", reason: "Forbidden", code: 403, message });
  server.faults(({ resource }) => (resource === "pods" ? { kind: "status", status: 403, body } : undefined));
  const follower = read();
  const waiting = (): string => {
    const last = statuses(follower).at(-1);
    return last?.kind === "waiting" ? `${last.for}; ${last.next}` : "";
  };
  await follower.until(
    () => waiting().startsWith("the first list of pods from") && waiting().includes("403"),
  );
  expect(waiting()).toContain('(pods: user "agent" may not list pods (403 Forbidden)); grant it by RBAC');
  expect(synced(follower)()).toBe(false);
  server.faults(undefined);
  await follower.until(synced(follower));
});

test("an outage is stale, changes nothing, and ends by itself", async () => {
  server.replaceAll([NODE, pod("a", "10.0.1.1"), pod("b", "10.0.1.2")] as never[]);
  const follower = read();
  await follower.until(synced(follower));
  await server.stop();
  await follower.until(() => statuses(follower).at(-1)?.kind === "stale");
  expect(follower.state.endpoints.size).toBe(2);
  server.remove("Pod", "x/b");
  server.compact();
  await server.start();
  await follower.until(
    () => statuses(follower).at(-1)?.kind === "connected" && follower.state.endpoints.size === 1,
  );
  expect(follower.events.filter(({ kind }) => kind === "inSync")).toHaveLength(1);
});

test("a store that was restored to an older state is believed", async () => {
  server.replaceAll([NODE, pod("a", "10.0.1.1")] as never[]);
  const backup = server.snapshot();
  server.apply(pod("b", "10.0.1.2") as never);
  server.apply(pod("a", "10.0.1.7") as never);
  const follower = read();
  await follower.until(synced(follower));
  server.restore(backup);
  server.breakConnections();
  await follower.until(() => follower.state.endpoints.size === 1);
  expect([...follower.state.endpoints.values()]).toMatchObject([{ id: "x/a", addresses: ["10.0.1.1"] }]);
});
