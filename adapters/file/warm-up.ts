import { readDocument } from "./read-document.ts";

/** Each leans on a little more of the parser and of the schemas than the one before. */
const PIECES: readonly string[] = [
  "",
  "a\n",
  "a: 1\n",
  "a:\n  - b: c\n",
  'a: {b: ["c"]}\n',
  "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {b: c}}\n",
  "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{ports: [{name: a, containerPort: 1}]}]}\n",
  "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {ingress: [{from: [{podSelector: {}}]}]}\n",
];

let warm: Promise<void> | undefined;

async function run(): Promise<void> {
  for (const piece of PIECES) {
    readDocument(piece, {});
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/**
 * The first document of a process costs 15 to 20 ms, while the engine compiles the parser (Bun 1.4.5). Once, and in
 * pieces, so that the event loop runs between them.
 */
export function warmUp(): Promise<void> {
  warm ??= run();
  return warm;
}
