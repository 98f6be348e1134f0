import { expect, test } from "bun:test";
import { problemText } from "../../model/problem.ts";
import { collectObjects } from "./collect.ts";
import { ISOLATION_ANNOTATION } from "./default-deny.ts";
import { type ReadObject, readObject } from "./read-object.ts";

function read(annotations: unknown): ReadObject {
  const metadata = { name: "x", labels: { team: "red" }, annotations };
  return readObject({ apiVersion: "v1", kind: "Namespace", metadata }, "f");
}

const written = (text: unknown): ReadObject => read({ [ISOLATION_ANNOTATION]: text });
const isolationOf = (found: ReadObject): unknown => ("isolation" in found ? found.isolation : undefined);

test("DefaultDeny isolates the ingress of all pods of the namespace and allows nothing", () => {
  const found = written('{"ingress": {"isolation": "DefaultDeny"}}');
  expect(found.problems).toEqual([]);
  expect(isolationOf(found)).toEqual({
    id: "DefaultDeny/x/annotation",
    title: "x (annotation net.beta.kubernetes.io/network-policy)",
    tier: "default",
    order: 1000,
    subjects: { namespaces: { kind: "named", name: "x" }, endpoints: { kind: "all" } },
    directions: ["ingress"],
    ingress: [],
    egress: [],
  });
  const { state } = collectObjects([{ where: "f", read: found }]);
  expect([...state.policies.keys()].map(String)).toEqual(["DefaultDeny/x/annotation"]);
  expect(state.namespaces.get("x")?.labels["team"]).toBe("red");
});

test.each([null, undefined, "", "{}", "null", '{"ingress":{}}', '{"ingress":{"isolation":""}}'])(
  "%j isolates nobody",
  (text) => {
    expect(isolationOf(written(text))).toBeUndefined();
    expect(written(text).problems).toEqual([]);
  },
);

const AT = 'f (Namespace x), metadata.annotations["net.beta.kubernetes.io/network-policy"]';
const EXAMPLE = 'expected JSON text such as {"ingress":{"isolation":"DefaultDeny"}}';

test.each([
  ["DefaultDeny", `${AT}: ${EXAMPLE} (found "DefaultDeny")`],
  [true, `${AT}: ${EXAMPLE} (found true)`],
  ["[]", `${AT}: expected an object (found [])`],
  ['{"ingress":"DefaultDeny"}', `${AT}.ingress: expected an object (found "DefaultDeny")`],
  [
    '{"ingress":{"isolation":"DefaultAllow"}}',
    `${AT}.ingress.isolation: unknown isolation, expected DefaultDeny (found "DefaultAllow")`,
  ],
  ['{"egress":{}}', `${AT}.egress: unknown field, known are ingress (found {})`],
])("%j isolates both directions and is reported", (text, message) => {
  const found = written(text);
  expect(isolationOf(found)).toMatchObject({ directions: ["ingress", "egress"] });
  expect(found.problems.map(problemText)).toEqual([
    `${message}; all pods of this namespace are isolated in both directions`,
  ]);
});

test("annotations that are none close the namespace, and unreadable labels change nothing about it", () => {
  const found = read("none");
  expect(isolationOf(found)).toMatchObject({ directions: ["ingress", "egress"] });
  expect(found.problems.map(problemText)).toEqual([
    'f (Namespace x), metadata.annotations: expected an object (found "none"); all pods of this namespace are isolated in both directions',
  ]);
  const metadata = {
    name: "x",
    labels: 7,
    annotations: { [ISOLATION_ANNOTATION]: '{"ingress":{"isolation":"DefaultDeny"}}' },
  };
  const closed = readObject({ apiVersion: "v1", kind: "Namespace", metadata }, "f");
  expect(closed).toMatchObject({ value: { unreadable: true }, isolation: { directions: ["ingress"] } });
});
