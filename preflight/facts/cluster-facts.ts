import { askForAdmissionPolicies } from "../../adapters/kubernetes/connection/admission-policies.ts";
import type { KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import { NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "../../adapters/kubernetes/store/resources.ts";
import { readNode } from "../../adapters/objects/node.ts";
import { isObject, listOf, looseFields, maybe, someText } from "../../adapters/objects/schema.ts";
import { type Address, parseAddress } from "../../model/address.ts";
import type { Node } from "../../model/node.ts";
import * as v from "valibot";
import { becauseOf, type Known, known, unknown } from "../known.ts";
import { type Answer, askServer, RefusedError } from "./ask-server.ts";

/** A pod of this node that has addresses of its own. */
export interface LocalPod {
  /** `NAMESPACE/NAME` */
  readonly name: string;
  readonly addresses: readonly Address[];
}

/** A right, in RBAC's words. */
export interface Right {
  readonly verb: string;
  /** With its subresource, for example `pods/status`. */
  readonly resource: string;
  /** Empty: the core group. */
  readonly group: string;
}

export interface ClusterFacts {
  readonly nodes: Known<readonly Node[]>;
  readonly pods: Known<readonly LocalPod[]>;
  /** Those that this account lacks, of all that are asked for. */
  readonly lacking: Known<readonly Right[]>;
  /** How many milliseconds the server's clock is ahead of ours; it tells whole seconds. */
  readonly clockAhead: Known<number>;
}

const PAGE = "500";
const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

const ListPage = looseFields({
  metadata: maybe(looseFields({ continue: maybe(someText) })),
  items: listOf(v.unknown()),
});
const PodFields = looseFields({
  metadata: looseFields({ namespace: someText, name: someText }),
  spec: looseFields({ hostNetwork: maybe(v.boolean()) }),
  status: maybe(
    looseFields({ podIP: maybe(someText), podIPs: listOf(looseFields({ ip: maybe(someText) })) }),
  ),
});
const Review = looseFields({ status: looseFields({ allowed: v.boolean() }) });

/** All rights that the adapter's resources take; `annotating`: with the one to write. */
export function neededRights(annotating: boolean): readonly Right[] {
  const read = [PODS, NAMESPACES, ownNode(""), NETWORK_POLICIES].flatMap(({ watched }): Right[] => {
    const group = watched.apiVersion.includes("/")
      ? watched.apiVersion.slice(0, watched.apiVersion.indexOf("/"))
      : "";
    return ["get", "list", "watch"].map((verb) => ({ verb, resource: watched.name, group }));
  });
  return annotating ? [...read, { verb: "patch", resource: "pods/status", group: "" }] : read;
}

interface Asking {
  readonly client: KubernetesClient;
  readonly signal: AbortSignal;
}

/** What of a list is wanted is read page by page: thousands of nodes are more than 100 MB. */
async function listAll<Value>(
  { client, signal }: Asking,
  resource: string,
  read: (item: unknown) => Value | undefined,
  fieldSelector?: string,
): Promise<Value[]> {
  const items: Value[] = [];
  let next = "";
  do {
    const query = {
      limit: PAGE,
      ...(next !== "" && { continue: next }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    };
    const request = { path: `/api/v1/${resource}`, query, signal };
    const { object } = await askServer(client, request, { verb: "list", resource, group: "" });
    const page = v.parse(ListPage, object);
    items.push(...page.items.flatMap((item) => read(item) ?? []));
    next = page.metadata?.continue ?? "";
  } while (next !== "");
  return items;
}

function nodeOf(item: unknown): Node | undefined {
  if (!isObject(item) || !isObject(item["metadata"])) return undefined;
  const read = readNode(item, String(item["metadata"]["name"]));
  return read.kind === "node" ? read.value : undefined;
}

function podOf(item: unknown): LocalPod | undefined {
  const read = v.safeParse(PodFields, item);
  if (!read.success || read.output.spec.hostNetwork === true) return undefined;
  const { metadata, status } = read.output;
  const texts = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  const addresses = texts.flatMap((text) => parseAddress(text ?? "") ?? []);
  return { name: `${metadata.namespace}/${metadata.name}`, addresses: [...new Set(addresses)] };
}

async function isAllowed({ client, signal }: Asking, { verb, resource, group }: Right): Promise<boolean> {
  const [name = "", subresource = ""] = resource.split("/");
  const attributes = { verb, group, resource: name, ...(subresource !== "" && { subresource }) };
  const body = JSON.stringify({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: attributes },
  });
  const { object } = await askServer(client, { path: REVIEWS, method: "POST", body, signal });
  return v.parse(Review, object).status.allowed;
}

/**
 * The first question of all: its answer's headers have the server's time, whatever it says.
 *
 * @throws RefusedError, StrangeAnswerError or ConnectionError.
 */
export async function greet({ client, signal }: Asking): Promise<Answer & { readonly clockAhead: number }> {
  const before = Date.now();
  const answer = await askServer(client, { path: "/version", signal });
  const now = (before + Date.now()) / 2;
  // It tells whole seconds, cut off.
  return {
    ...answer,
    clockAhead: answer.serverTime === undefined ? Number.NaN : answer.serverTime + 500 - now,
  };
}

/** Without credentials a server may greet and still answer nothing else. */
function isNotLoggedIn(error: unknown): boolean {
  if (!(error instanceof RefusedError)) return false;
  const { code, message } = error.status;
  return code === 401 || (code === 403 && message.includes('"system:anonymous"'));
}

/** What is not there when the signal fires is not known, whether the question heeds it or not. */
async function gather<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Known<Value>> {
  const late = Promise.withResolvers<never>();
  const give = (): void => late.reject(signal.reason);
  signal.addEventListener("abort", give, { once: true });
  try {
    return known(await Promise.race([work, late.promise]));
  } catch (error) {
    if (isNotLoggedIn(error)) throw error;
    return unknown(becauseOf(signal.aborted ? signal.reason : error));
  } finally {
    signal.removeEventListener("abort", give);
  }
}

export interface ReadClusterOptions extends Asking {
  readonly nodeName: string;
  /** Whether the agent writes pods' annotations; undefined: where the server can bind that right to the pods of a node. */
  readonly annotating: boolean | undefined;
}

async function annotates({ annotating, client, signal }: ReadClusterOptions): Promise<boolean> {
  return annotating ?? (await askForAdmissionPolicies(client, signal)).kind === "served";
}

async function lackingRights(options: ReadClusterOptions): Promise<Right[]> {
  const rights = neededRights(await annotates(options));
  const allowed = await Promise.all(rights.map((right) => isAllowed(options, right)));
  return rights.filter((_, at) => allowed[at] !== true);
}

/**
 * Asks for all of it at once. `clockAhead`: of the greeting.
 *
 * @throws RefusedError where the server does not know who asks.
 */
export async function readClusterFacts(
  options: ReadClusterOptions,
  clockAhead: number,
): Promise<ClusterFacts> {
  const { nodeName, signal } = options;
  const ownPods = `spec.nodeName=${nodeName},status.phase!=Succeeded,status.phase!=Failed`;
  const [nodes, pods, lacking] = await Promise.all([
    gather(listAll(options, "nodes", nodeOf), signal),
    gather(listAll(options, "pods", podOf, ownPods), signal),
    gather(lackingRights(options), signal),
  ]);
  return {
    nodes,
    pods,
    lacking,
    clockAhead: Number.isNaN(clockAhead) ? unknown("the server does not tell its time") : known(clockAhead),
  };
}
