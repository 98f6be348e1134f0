import { expect, test } from "bun:test";
import { datastoreStatus, type ResourceReading } from "./datastore-status.ts";

const SERVER = "https://10.0.0.1:6443";

function reading(name: string, whole: boolean, because?: string, minute = 0): ResourceReading {
  const since = new Date(Date.UTC(2026, 0, 1, 0, minute));
  const trouble = because === undefined ? undefined : { since, because, next: `mend: ${because}` };
  return { name, whole, trouble };
}

test("all is well", () => {
  expect(datastoreStatus([reading("pods", true)], SERVER)).toEqual({ kind: "connected" });
});

test("what was never listed is waited for, by name", () => {
  const readings = [reading("pods", false), reading("namespaces", true), reading("nodes", false)];
  expect(datastoreStatus(readings, SERVER)).toEqual({
    kind: "waiting",
    for: "the first list of pods, nodes from https://10.0.0.1:6443",
    next: "nothing: it is on its way",
    causes: [],
  });
});

test("and why it could not be listed", () => {
  const readings = [reading("pods", false, "forbidden"), reading("namespaces", true, "refused")];
  expect(datastoreStatus(readings, SERVER)).toEqual({
    kind: "waiting",
    for: "the first list of pods from https://10.0.0.1:6443 (pods: forbidden; namespaces: refused)",
    next: "mend: forbidden; mend: refused",
    causes: ["forbidden", "refused"],
  });
});

test("one reason for many is said once, and the first trouble is its beginning", () => {
  const readings = [
    reading("pods", true, "refused", 7),
    reading("namespaces", true),
    reading("nodes", true, "refused", 5),
    reading("networkpolicies", true, "forbidden", 9),
  ];
  expect(datastoreStatus(readings, SERVER)).toEqual({
    kind: "stale",
    since: new Date(Date.UTC(2026, 0, 1, 0, 5)),
    because: "pods, nodes: refused; networkpolicies: forbidden",
    next: "mend: refused; mend: forbidden",
    causes: ["refused", "forbidden"],
  });
});
