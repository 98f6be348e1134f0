import { afterEach, beforeEach } from "bun:test";
import { type ApiObject, type ApiServer, startApiServer } from "./api-server.ts";
import type { SeenRequest } from "./fault.ts";
import { plainClient } from "./plain-client.ts";
import { type Follower, follow } from "../../adapters/behaviour.ts";
import type { Datastore, PodLookUp } from "../../adapters/datastore.ts";
import { kubernetesDatastore } from "../../adapters/kubernetes/datastore.ts";
import type { Pace } from "../../adapters/kubernetes/reading/pace.ts";

const QUICK: Partial<Pace> = { firstBackOff: 5, longestBackOff: 20, relistSpread: 5, shortWatch: 0 };
const NODE: ApiObject = { apiVersion: "v1", kind: "Node", metadata: { name: "here" }, spec: {} };
const NEVER = new AbortController().signal;

/** For each test a server, and a datastore on node `here` that reads it. */
export interface LookUps {
  readonly server: ApiServer;
  readonly datastore: Datastore;
  readonly read: () => Follower;
  /** In sync, and deaf to what the watches tell from then on; their lists fail, too. */
  readonly deaf: () => Promise<Follower>;
  /** Of a pod in namespace x. */
  readonly lookUp: (name: string, signal?: AbortSignal) => Promise<PodLookUp>;
  /** What was asked for beside lists and watches of the whole cluster, in the order of the requests. */
  readonly questions: () => string[];
}

/** One of those that a look-up asks. */
export function isQuestion({ verb, path }: SeenRequest): boolean {
  return verb === "get" || path.includes("/namespaces/");
}

export function useLookUps(): LookUps {
  let server: ApiServer;
  let datastore: Datastore;
  const followers: Follower[] = [];
  beforeEach(async () => {
    server = await startApiServer();
    server.apply(NODE);
    const open = async () => plainClient(server.url);
    datastore = kubernetesDatastore({ open, nodeName: "here", pace: QUICK });
  });
  afterEach(async () => {
    for (const follower of followers.splice(0)) await follower.stop();
    await server[Symbol.asyncDispose]();
  });
  function read(): Follower {
    const follower = follow(datastore);
    followers.push(follower);
    return follower;
  }
  return {
    get server() {
      return server;
    },
    get datastore() {
      return datastore;
    },
    read,
    async deaf() {
      const follower = read();
      await follower.until(() => follower.events.some(({ kind }) => kind === "inSync"));
      // `until` looks after each event only, and a watch that is open is none.
      while (server.watches() < 4 * followers.length) await Bun.sleep(1);
      server.faults((request) => (isQuestion(request) ? undefined : { kind: "status", status: 503 }));
      server.breakConnections();
      await follower.until(() =>
        follower.events.some((event) => event.kind === "status" && event.status.kind === "stale"),
      );
      return follower;
    },
    lookUp: (name, signal = NEVER) => datastore.lookUp!("x", name, signal),
    questions: () => server.requests.filter(isQuestion).map(({ path }) => path),
  };
}

export interface PodParts {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

/** In namespace x, on node `here`, without an address. */
export function pod(name: string, { metadata = {}, spec = {}, status = {} }: PodParts = {}): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "x", uid: `uid-${name}`, labels: { app: name }, ...metadata },
    spec: { nodeName: "here", ...spec },
    status: { phase: "Pending", ...status },
  };
}
