import { expect, test } from "bun:test";
import type { ApiObject } from "../../test/api-server/api-server.ts";
import type { Fault, SeenRequest } from "../../test/api-server/fault.ts";
import type { Follower } from "../behaviour.ts";
import { isQuestion, pod, useLookUps } from "../../test/api-server/look-ups.ts";

const setting = useLookUps();
const { deaf, lookUp } = setting;

function namespace(labels: Record<string, string>): ApiObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name: "x", labels } };
}

function policy(name: string, spec: object = {}, space = "x"): ApiObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: space },
    spec: { podSelector: {}, ...spec },
  };
}

const policies = ({ state }: Follower): string[] =>
  [...state.policies.keys()].map((id) => id.slice(id.lastIndexOf("/") + 1)).toSorted();

const isPolicies = ({ path }: SeenRequest): boolean => path.endsWith("/x/networkpolicies");
const isNamespace = ({ path }: SeenRequest): boolean => path.endsWith("/namespaces/x");

/** Watches and lists are away; of the questions those that are meant meet the fault. */
function fail(meant: (request: SeenRequest) => boolean, fault: Fault): void {
  setting.server.faults((request) =>
    meant(request) ? fault : isQuestion(request) ? undefined : { kind: "status", status: 503 },
  );
}

test("policies and labels that came before the pod are told with it, in one step", async () => {
  setting.server.apply(namespace({ team: "blue" }));
  setting.server.apply(policy("changed", { policyTypes: ["Ingress"] }));
  const follower = await deaf();
  const before = follower.events.length;
  setting.server.apply(namespace({ team: "red" }));
  setting.server.apply(policy("deny"));
  setting.server.apply(policy("changed", { policyTypes: ["Egress"] }));
  setting.server.apply(policy("elsewhere", {}, "y"));
  setting.server.apply(pod("a"));
  expect(await lookUp("a")).toEqual({ kind: "found", uids: ["uid-a"] });
  const told = follower.events.slice(before).flatMap((event) => (event.kind === "updates" ? [event] : []));
  expect(told).toHaveLength(1);
  expect(told[0]?.updates.map(({ kind }) => kind).toSorted()).toEqual([
    "endpoint",
    "namespace",
    "policy",
    "policy",
  ]);
  expect(policies(follower)).toEqual(["changed", "deny"]);
  const changed = [...follower.state.policies.values()].find(({ id }) => id.endsWith("/changed"));
  expect(changed?.directions).toEqual(["egress"]);
  expect(follower.state.namespaces.get("x")?.labels).toMatchObject({ team: "red" });
});

test("a policy that was deleted before the pod came allows it nothing, and what the watch tells late changes nothing", async () => {
  for (const name of ["kept", "allow"]) setting.server.apply(policy(name, { ingress: [{}] }));
  setting.server.apply(policy("elsewhere", {}, "y"));
  const follower = await deaf();
  setting.server.remove("NetworkPolicy", "x/allow");
  setting.server.remove("NetworkPolicy", "y/elsewhere");
  setting.server.apply(pod("a"));
  expect((await lookUp("a")).kind).toBe("found");
  expect(policies(follower)).toEqual(["elsewhere", "kept"]);
  const before = follower.events.length;
  setting.server.faults(undefined);
  await follower.until(() => !policies(follower).includes("elsewhere"));
  const since = follower.events
    .slice(before)
    .flatMap((event) => (event.kind === "updates" ? event.updates : []));
  expect(since.filter(({ kind }) => kind === "policy")).toHaveLength(1);
  setting.server.apply(policy("allow"));
  await follower.until(() => policies(follower).includes("allow"));
});

test("of a pod that is known already, what came before the question is told before the answer, too", async () => {
  setting.server.apply(pod("a"));
  const follower = await deaf();
  setting.server.apply(policy("deny"));
  expect(await lookUp("a")).toEqual({ kind: "found", uids: ["uid-a"] });
  expect(policies(follower)).toEqual(["deny"]);
});

const list = (metadata: object, ...items: ApiObject[]): Fault => ({
  kind: "status",
  status: 200,
  body: JSON.stringify({ metadata, items }),
});

test.each<[string, (request: SeenRequest) => boolean, Fault, RegExp]>([
  [
    "policies refused",
    isPolicies,
    { kind: "status", status: 403 },
    /^this account may not list networkpolicies of .* \(403/,
  ],
  [
    "the namespace refused",
    isNamespace,
    { kind: "status", status: 403 },
    /^this account may not get namespaces \(403/,
  ],
  ["policies failed", isPolicies, { kind: "status", status: 500 }, /^the API server answered 500$/],
  ["policies not found", isPolicies, { kind: "status", status: 404 }, /^the API server answered 404$/],
  ["the namespace of somebody else's 404", isNamespace, { kind: "status", status: 404 }, /answered 404$/],
  ["no policies", isPolicies, { kind: "break" }, /./],
  ["half the policies", isPolicies, { kind: "break", afterBytes: 150 }, /./],
  ["a cut list", isPolicies, { kind: "truncate", afterBytes: 150 }, /sent a list that ends in the middle/],
  [
    "a list without items",
    isPolicies,
    { kind: "status", status: 200, body: "{}" },
    /sent no list: it has no items/,
  ],
  ["a list without a version", isPolicies, list({}), /sent a list without metadata\.resourceVersion/],
  [
    "a page",
    isPolicies,
    list({ resourceVersion: "9", continue: "t" }),
    /sent a part of a list, asked for the whole/,
  ],
  [
    "others' policies",
    isPolicies,
    list({ resourceVersion: "9" }, policy("p", {}, "y")),
    /answered y\/p, asked for policies of x$/,
  ],
  [
    "another namespace",
    isNamespace,
    { kind: "status", status: 200, body: '{"metadata":{"name":"y"}}' },
    /answered y, asked for namespace x$/,
  ],
])("%s: the pod is not told, and nothing else is", async (_, meant, fault, words) => {
  const follower = await deaf();
  const before = follower.events.length;
  setting.server.apply(namespace({ team: "red" }));
  setting.server.apply(policy("deny"));
  setting.server.apply(pod("a"));
  fail(meant, fault);
  expect(await lookUp("a")).toEqual({
    kind: "unreadable",
    because: expect.stringMatching(words),
    next: expect.stringMatching(/./),
  });
  expect(follower.events.slice(before).filter(({ kind }) => kind === "updates")).toEqual([]);
  fail(() => false, fault);
  expect(await lookUp("a")).toEqual({ kind: "found", uids: ["uid-a"] });
  expect(policies(follower)).toEqual(["deny"]);
});

test("a policy that cannot be read isolates, and its problem is told with the pod", async () => {
  const follower = await deaf();
  setting.server.apply(policy("odd", { ingress: 7 }));
  setting.server.apply(pod("a"));
  expect((await lookUp("a")).kind).toBe("found");
  expect(policies(follower)).toHaveLength(1);
  const problems = follower.events.findLast((event) => event.kind === "problems");
  expect(problems?.problems.map(({ where }) => where)).toEqual([expect.stringContaining("x/odd")]);
});

test("who waits no more ends all questions", async () => {
  const follower = await deaf();
  setting.server.apply(pod("a"));
  fail(isPolicies, { kind: "freeze" });
  const one = new AbortController();
  const answer = lookUp("a", one.signal);
  while (!setting.server.requests.some(isPolicies)) await Bun.sleep(1);
  one.abort();
  expect(await answer).toMatchObject({ because: "nobody waits for the answer any more" });
  expect(follower.state.endpoints.size).toBe(0);
});
