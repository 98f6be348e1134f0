import { expect, test } from "bun:test";
import { ISOLATION_ANNOTATION } from "../objects/default-deny.ts";
import { salvage } from "./salvage.ts";

/** The names of the namespaces that are known by the text, and what isolates them. */
function isolated(text: string): unknown[] {
  return salvage(text).objects.map((object) =>
    object.kind === "namespace" ? [object.value.name, object.isolation?.directions] : object.kind,
  );
}

const BOTH = ["ingress", "egress"];
const CLOSED =
  "no namespaceSelector matches namespace x; all pods there are isolated in both directions" as const;

test("a malformed Namespace with the annotation that isolates is isolated in both directions", () => {
  const text = [
    "apiVersion: v1",
    "kind: Namespace",
    "metadata:",
    "  name: x",
    "  annotations:",
    `    ${ISOLATION_ANNOTATION}: '{"ingress":{"isolation":"DefaultDeny"}}'`,
    "  labels: {team: red",
  ].join("\n");
  expect(salvage(text)).toEqual({
    objects: [
      {
        kind: "namespace",
        object: "",
        value: { name: "x", labels: { "kubernetes.io/metadata.name": "x" }, unreadable: true },
        isolation: {
          id: "DefaultDeny/x/annotation",
          title: "x (annotation net.beta.kubernetes.io/network-policy)",
          tier: "default",
          order: 1000,
          subjects: { namespaces: { kind: "named", name: "x" }, endpoints: { kind: "all" } },
          directions: BOTH,
          ingress: [],
          egress: [],
        },
      },
    ],
    consequence: CLOSED,
  } as never);
});

test.each([
  [
    "nobody can tell what it isolates",
    `kind: Namespace\nmetadata: {name: x, annotations: {${ISOLATION_ANNOTATION}: `,
  ],
  [
    "the kind is malformed too",
    `kind Namespace\nmetadata:\n  name: x\n  annotations:\n    ${ISOLATION_ANNOTATION}: ''`,
  ],
  [
    "it is JSON",
    `{"kind":"Namespace","metadata":{"name":"x","annotations":{"${ISOLATION_ANNOTATION.replace("/", "\\/")}"`,
  ],
])("also where %s", (_, text) => {
  expect(isolated(text)).toEqual([["x", BOTH]]);
  expect(salvage(text).consequence).toBe(CLOSED);
});

test("a list of namespaces isolates all of them", () => {
  const text = `kind: NamespaceList\nitems: [{metadata: {name: x, annotations: {${ISOLATION_ANNOTATION}: 7}}}, {metadata: {name: y}}`;
  expect(isolated(text)).toEqual([
    ["x", BOTH],
    ["y", BOTH],
  ]);
});

test("without the annotation, or with a comment about it, nothing is isolated", () => {
  expect(isolated("kind: Namespace\nmetadata: {name: x")).toEqual([["x", undefined]]);
  expect(isolated(`kind: Namespace\n# ${ISOLATION_ANNOTATION}\nmetadata: {name: x`)).toEqual([
    ["x", undefined],
  ]);
});
