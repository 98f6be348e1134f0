import type { PodLookUp } from "../datastore.ts";
import type { KubernetesClient } from "./connection/client.ts";
import type { Unanswered } from "./reading/ask-once.ts";
import { getObject } from "./reading/get-object.ts";
import { listObjects } from "./reading/list-objects.ts";
import type { Pace } from "./reading/pace.ts";
import type { LookedUpObjects } from "./store/object-store.ts";
import {
  namespacePath,
  NAMESPACES,
  NETWORK_POLICIES,
  podPath,
  PODS,
  policiesPath,
} from "./store/resources.ts";
import { readResourceVersion } from "./store/resource-version.ts";
import type { ModelContext } from "./store/to-model.ts";

export interface PodReadingOptions {
  readonly client: KubernetesClient;
  readonly context: ModelContext;
  readonly pace: Pace;
  readonly stopping: AbortSignal;
}

type Unreadable = PodLookUp & { readonly kind: "unreadable" };

/** A pod as the API server has it now, or why there is nothing to be told of it. */
export type PodReading =
  | { readonly kind: "read"; readonly objects: LookedUpObjects }
  | { readonly kind: "absent" }
  | Unreadable;

export function unreadable(because: string, next: string): Unreadable {
  return { kind: "unreadable", because, next };
}

function failed({ because, next }: Unanswered): Unreadable {
  return unreadable(because, next);
}

function astray(server: string, answered: string, askedFor: string): Unreadable {
  const next = "look for a proxy or a fault between here and the server";
  return unreadable(`${server} answered ${answered}, asked for ${askedFor}`, next);
}

/**
 * Where the pod's labels meet policies: its Namespace, and all policies there. Its peers are left to the watches: one that they have
 * not told of is allowed nothing.
 */
async function readSurroundings(
  { context, ...options }: PodReadingOptions,
  namespace: string,
): Promise<LookedUpObjects | Unreadable> {
  const { server } = options.client;
  const [got, listed] = await Promise.all([
    getObject({ ...options, resource: NAMESPACES.watched, path: namespacePath(namespace) }),
    listObjects({ ...options, resource: NETWORK_POLICIES.watched, path: policiesPath(namespace) }),
  ]);
  if (got.kind === "failed") return failed(got);
  if (listed.kind === "failed") return failed(listed);
  const prefix = `${namespace}/`;
  const items = listed.objects.map((object) => NETWORK_POLICIES.read(object, context));
  const stray = items.find(({ key }) => !key.startsWith(prefix));
  if (stray !== undefined) return astray(server, stray.key, `policies of ${namespace}`);
  const policies = { prefix, version: readResourceVersion(listed.version), items };
  // It goes last of all that is in it: whether it is really gone is left to its watch.
  if (got.kind === "absent") return { policies };
  const item = NAMESPACES.read(got.object, context);
  return item.key === namespace
    ? { policies, namespace: item }
    : astray(server, item.key, `namespace ${namespace}`);
}

/**
 * Reads a pod that its watch may not have told of, and then what decides about it: the watches of policies and namespaces may be
 * behind as well, and the pod is not to be told without what was there before it. Never throws for what may mend itself.
 */
export async function readPod(
  options: PodReadingOptions,
  namespace: string,
  pod: string,
): Promise<PodReading> {
  const { context, ...question } = options;
  const path = podPath(namespace, pod);
  const key = `${namespace}/${pod}`;
  if (path === undefined)
    return unreadable(`${JSON.stringify(key)} is no name of a pod`, "see what the runtime asks for");
  const got = await getObject({ ...question, resource: PODS.watched, path });
  if (got.kind === "failed") return failed(got);
  if (got.kind === "absent") return got;
  const item = PODS.read(got.object, context);
  const { value, problems } = item;
  if (item.key !== key) return astray(options.client.server, item.key, key);
  if (value === undefined) {
    const because = problems.map(({ path: at, message }) => `${at} ${message}`).join(", ");
    return unreadable(
      `${key} cannot be read: ${because || "it uses its node's network, and no plugin wires it"}`,
      "mend the pod",
    );
  }
  // The watch leaves those out, and would never tell that they are gone.
  if (value.finished) return { kind: "absent" };
  const surroundings = await readSurroundings(options, namespace);
  return "kind" in surroundings ? surroundings : { kind: "read", objects: { ...surroundings, pod: item } };
}
