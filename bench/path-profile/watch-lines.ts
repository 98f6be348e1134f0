import type { ApiObject } from "../../test/api-server/store.ts";
import type { ClusterSize } from "../scripted-cluster/cluster-size.ts";
import { APPS, namespaceName, TEAMS } from "../scripted-cluster/cluster-size.ts";
import { addressOf, FIRST_ELSEWHERE } from "../scripted-cluster/objects.ts";
import { podName, podObject } from "../scripted-cluster/pod-object.ts";

/** The last event of a streaming list. */
export const INITIAL_EVENTS_END = { "k8s.io/initial-events-end": "true" };

const encoder = new TextEncoder();
let version = 1;

/** One event of a watch as it comes over the wire; each has a later version than the one before. */
export function watchLine(type: string, object: ApiObject): Uint8Array {
  const metadata = { ...object.metadata, resourceVersion: String(++version) };
  return encoder.encode(`${JSON.stringify({ type, object: { ...object, metadata } })}\n`);
}

/** So many different pods pass by, of all teams and apps. */
export const VARIANTS: number = TEAMS * APPS;

/** A pod of another node that comes with its address, 3 kB, and goes again; different ones, in different namespaces. */
export function passingPod(at: number, { pods, namespaces }: ClusterSize): ApiObject {
  const number = pods + FIRST_ELSEWHERE + (at % VARIANTS);
  const names = { number, deployment: number, app: `app-${at % APPS}` };
  return podObject({
    ...names,
    name: podName(names),
    namespace: namespaceName((at % VARIANTS) % namespaces),
    version: "v1",
    node: "node-elsewhere",
    address: addressOf(number + FIRST_ELSEWHERE),
    phase: "Running",
    restarts: 0,
  });
}
