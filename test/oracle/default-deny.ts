import type { Metadata, World } from "./objects.ts";
import { namespaceOf } from "./objects.ts";

/** Before networking.k8s.io/v1 a namespace was isolated by this annotation, and for packets to its pods only. */
export const ISOLATION_ANNOTATION = "net.beta.kubernetes.io/network-policy";

/** What the annotation can say without a mistake: nothing, or that ingress is isolated. */
const SAYINGS: ReadonlyMap<string, boolean> = new Map([
  ["{}", false],
  ["null", false],
  ['{"ingress":null}', false],
  ['{"ingress":{}}', false],
  ['{"ingress":{"isolation":null}}', false],
  ['{"ingress":{"isolation":""}}', false],
  ['{"ingress":{"isolation":"DefaultDeny"}}', true],
]);

/** The text without what JSON lets anybody add; undefined where it is not JSON. */
function compact(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether the namespace of an object isolates all its pods, whatever the policies are. What nobody understands isolates both ways. */
export function namespaceIsolates(
  world: World,
  metadata: Metadata,
  direction: "Ingress" | "Egress",
): boolean {
  const name = namespaceOf(metadata);
  const found = world.namespaces.find((namespace) => namespace.metadata.name === name);
  const text = found?.metadata.annotations?.[ISOLATION_ANNOTATION];
  if (text == null || text === "") return false;
  const said = SAYINGS.get(compact(text) ?? "");
  return said === undefined || (said && direction === "Ingress");
}
