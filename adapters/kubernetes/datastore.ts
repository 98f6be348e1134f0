import type { Datastore, DatastoreEvent, DatastoreStatus, PodLookUp } from "../datastore.ts";
import type { KubernetesClient } from "./connection/client.ts";
import { ConnectionError } from "./connection/connection-error.ts";
import { listWatch } from "./reading/list-watch.ts";
import { merged } from "./merged-iterables.ts";
import { patchPodAnnotations } from "./pod-annotations.ts";
import { createRightToAnnotate } from "./right-to-annotate.ts";
import { createBindingQuestion } from "./binding-question.ts";
import { createPodLookUps, notInSync, type PodLookUps, type Step } from "./pod-look-ups.ts";
import { createModelReader, type ModelReader } from "./store/model-reader.ts";
import type { ResourceName } from "./store/object-store.ts";
import { type Pace, REAL_PACE } from "./reading/pace.ts";
import { createBackOff } from "./reading/back-off.ts";
import { pause } from "./reading/pause.ts";
import { type ModelResource, NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "./store/resources.ts";
import { createSharing } from "./store/sharing.ts";
import type { ModelContext } from "./store/to-model.ts";

export interface KubernetesDatastoreOptions {
  /** Opens a connection for one reader, and again until it succeeds; the reader closes it. */
  readonly open: () => Promise<KubernetesClient>;
  /** This node's name. Undefined: no pod is local, and no node is read. */
  readonly nodeName: string | undefined;
  /** Whether pods are annotated: undefined where the server can bind that right to the pods of this node. */
  readonly annotating?: boolean | undefined;
  readonly pace?: Partial<Pace>;
}

interface Follower {
  readonly client: KubernetesClient;
  readonly context: ModelContext;
  readonly reader: ModelReader;
  readonly pace: Partial<Pace>;
  readonly stopping: AbortSignal;
}

async function* steps<Name extends ResourceName>(
  { name, watched, read }: ModelResource<Name>,
  { client, context, reader, pace, stopping }: Follower,
): AsyncGenerator<Step, void, undefined> {
  const events = listWatch({
    client,
    resource: watched,
    read: (object) => read(object, context),
    pace,
    stopping,
  });
  for await (const event of events) {
    yield {
      take() {
        // What was alike in the list is alike in what comes later only by chance.
        if (event.kind === "listed") context.sharing.forget();
        return reader.take(name, event);
      },
    };
  }
}

function unopened(error: unknown): DatastoreStatus {
  const because =
    error instanceof ConnectionError
      ? `${error.tried}: ${error.found}`
      : error instanceof Error
        ? error.message
        : String(error);
  const next = error instanceof ConnectionError ? error.next : "mend what it says; it is tried again";
  return { kind: "waiting", for: `a connection to the API server (${because})`, next };
}

/** Resolves to undefined when `stopping` fires first; what comes later is closed. */
async function openOnce(
  open: () => Promise<KubernetesClient>,
  stopping: AbortSignal,
): Promise<KubernetesClient | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => stopped.resolve(undefined);
  stopping.addEventListener("abort", stop, { once: true });
  const opening = open();
  try {
    const client = await Promise.race([opening, stopped.promise]);
    if (client === undefined) opening.then((late) => late[Symbol.dispose]()).catch(() => undefined);
    return client;
  } finally {
    stopping.removeEventListener("abort", stop);
  }
}

/** Tries until it is open or `stopping` fires; tells why it is not. */
async function* openClient(
  { open, pace }: KubernetesDatastoreOptions,
  stopping: AbortSignal,
): AsyncGenerator<DatastoreEvent, KubernetesClient | undefined, undefined> {
  const backOff = createBackOff({ ...REAL_PACE, ...pace });
  let told: DatastoreStatus | undefined;
  while (!stopping.aborted) {
    try {
      return await openOnce(open, stopping);
    } catch (error) {
      const status = unopened(error);
      if (!stopping.aborted && !Bun.deepEquals(status, told)) yield { kind: "status", status };
      told = status;
    }
    await pause(backOff.next(), stopping);
  }
  return undefined;
}

function* unlessStopped(events: readonly DatastoreEvent[], stopping: AbortSignal): Generator<DatastoreEvent> {
  for (const event of events) {
    if (stopping.aborted) return;
    yield event;
  }
}

/** A connection that somebody watches through. */
interface OpenConnection {
  readonly client: KubernetesClient;
  readonly lookUps: PodLookUps;
}

async function* follow(
  options: KubernetesDatastoreOptions,
  connections: Set<OpenConnection>,
  stopping: AbortSignal,
): AsyncGenerator<DatastoreEvent, void, undefined> {
  const { nodeName, pace = {} } = options;
  using client = yield* openClient(options, stopping);
  if (client === undefined || stopping.aborted) return;
  const left = new AbortController();
  const resources = nodeName === undefined ? [] : [ownNode(nodeName)];
  const names: ResourceName[] = ["pods", "namespaces", "networkpolicies"];
  if (nodeName !== undefined) names.push("nodes");
  const follower: Follower = {
    client,
    context: { nodeName, sharing: createSharing() },
    reader: createModelReader({ resources: names, nodeName, client }),
    pace,
    stopping: AbortSignal.any([stopping, left.signal]),
  };
  const sources = [
    steps(PODS, follower),
    steps(NAMESPACES, follower),
    steps(NETWORK_POLICIES, follower),
    ...resources.map((node) => steps(node, follower)),
  ];
  const lookUps = createPodLookUps({ ...follower, pace: { ...REAL_PACE, ...pace } });
  const connection = { client, lookUps };
  const end = (): void => {
    left.abort();
    lookUps.end();
  };
  stopping.addEventListener("abort", lookUps.end, { once: true });
  connections.add(connection);
  try {
    yield* unlessStopped(follower.reader.begin(), stopping);
    for await (const step of merged([...sources, lookUps.steps], end)) {
      yield* unlessStopped(step.take(), stopping);
      step.told?.();
    }
  } finally {
    connections.delete(connection);
    stopping.removeEventListener("abort", lookUps.end);
    end();
  }
}

/** Everybody who watches is to be told, and one is the rule. */
async function lookUpEverywhere(
  connections: ReadonlySet<OpenConnection>,
  ask: (lookUps: PodLookUps) => Promise<PodLookUp>,
): Promise<PodLookUp> {
  const answers = await Promise.all([...connections].map(({ lookUps }) => ask(lookUps)));
  return answers.find(({ kind }) => kind !== "found") ?? answers[0] ?? notInSync(undefined);
}

/**
 * The Kubernetes API itself: pods, namespaces, NetworkPolicies and this machine's Node, listed and followed. Nothing is in
 * sync before all of them were listed to the end; whatever breaks later is `stale`, and what is known stays.
 */
export function kubernetesDatastore(options: KubernetesDatastoreOptions): Datastore {
  const connections = new Set<OpenConnection>();
  const unbound = createBindingQuestion();
  const ifAllowed = createRightToAnnotate();
  return {
    watch: (stopping) => follow(options, connections, stopping),
    lookUp: (namespace, pod, signal) =>
      lookUpEverywhere(connections, (lookUps) => lookUps.lookUp(namespace, pod, signal)),
    async annotate(annotation, signal) {
      for (const { client } of connections) {
        const patch = () => patchPodAnnotations(client, annotation, signal);
        if (options.annotating !== true) return (await unbound(client, signal)) ?? ifAllowed(patch);
        const result = await patch();
        return result.kind === "notAllowed" ? { ...result, kind: "failed" } : result;
      }
      const because = "there is no connection to the API server yet";
      return { kind: "failed", because, next: "nothing: tries go on" };
    },
  };
}
