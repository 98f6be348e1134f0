import type { KubernetesClient } from "../adapters/kubernetes/connection/client.ts";
import { CtlError } from "./ctl-error.ts";
import type { ServedKind } from "./kinds.ts";
import { listObjects, type ListOptions } from "./list-objects.ts";
import type { Output } from "./output.ts";
import { jsonText, yamlText } from "./print-resources.ts";
import { tableText } from "./table.ts";
import { type Picked, pickView, type ViewVersion } from "./views/pick.ts";
import { type Query, type Shown, UnreadableObject } from "./views/view.ts";

/** What `get` was asked for. */
export interface GetRequest {
  readonly kind: ServedKind;
  readonly names: readonly string[];
  readonly output: Output;
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  readonly version: ViewVersion | undefined;
  /** Without what only this cluster knows; for resources that are asked for by name. */
  readonly export: boolean;
}

export interface GetAnswer {
  readonly text: string;
  /** What of it could not be had, one line each. */
  readonly errors: readonly string[];
}

interface Gathered {
  readonly shown: Shown[];
  readonly resourceVersions: string[];
  readonly errors: string[];
}

async function gather(
  client: KubernetesClient,
  queries: readonly Query[],
  options: ListOptions,
  gathered: Gathered,
): Promise<void> {
  for (const query of queries) {
    const { items, resourceVersion } = await listObjects(client, query.listing, options);
    gathered.resourceVersions.push(resourceVersion);
    for (const item of items) {
      try {
        const shown = query.show(item);
        if (shown !== undefined) gathered.shown.push(shown);
      } catch (error) {
        if (!(error instanceof UnreadableObject)) throw error;
        gathered.errors.push(error.message);
      }
    }
  }
}

/** Once where two ways of reading a name found the same. */
function distinct(shown: readonly Shown[]): Shown[] {
  const byContent = new Map(shown.map((one) => [JSON.stringify(one.resource), one]));
  return [...byContent.values()];
}

const OF_THIS_CLUSTER = new Set(["namespace", "uid", "resourceVersion", "creationTimestamp"]);

function exported({ resource, cells }: Shown): Shown {
  const { metadata, ...rest } = resource as { metadata: object };
  const kept = Object.entries(metadata).filter(([key]) => !OF_THIS_CLUSTER.has(key));
  return { resource: { ...rest, metadata: Object.fromEntries(kept) }, cells };
}

function laidOut({ view, namespaceColumn }: Picked, output: Output, shown: readonly Shown[]): string {
  const asked =
    output.kind === "columns" ? output.headings : view.headings[output.kind === "wide" ? "wide" : "ps"];
  const headings = namespaceColumn && !asked.includes("NAMESPACE") ? ["NAMESPACE", ...asked] : asked;
  return tableText([headings, ...shown.map(({ cells }) => headings.map((heading) => cells[heading] ?? ""))]);
}

function checkHeadings({ view }: Picked, output: Output): void {
  if (output.kind !== "columns") return;
  const unknown = output.headings.find((heading) => !view.allHeadings.includes(heading));
  if (unknown === undefined) return;
  throw new CtlError(`Unknown heading ${unknown}, valid values are: ${view.allHeadings.join(", ")}`);
}

function checkNamespace({ view }: Picked, { namespace, allNamespaces }: GetRequest): void {
  if (namespace !== undefined && allNamespaces) {
    throw new CtlError("cannot use both --namespace and --all-namespaces flags at the same time");
  }
  if (!view.namespaced && (namespace !== undefined || allNamespaces)) {
    throw new CtlError(`${view.kind} is not namespaced: leave out -n and -A`);
  }
}

/** The view of what is asked for. Throws CtlError where the request contradicts itself. */
export function plan(request: GetRequest): Picked {
  if (request.names.includes("")) throw new CtlError("resource name may not be empty");
  const table = request.output.kind !== "yaml" && request.output.kind !== "json";
  const picked = pickView({ ...request, table });
  checkNamespace(picked, request);
  checkHeadings(picked, request.output);
  return picked;
}

/**
 * Reads what is asked for and lays it out. A name that nothing has, and an object that cannot be read, do not keep
 * the others from being shown.
 *
 * @throws CtlError and ConnectionError where the server refuses or does not answer.
 */
export async function get(
  request: GetRequest,
  picked: Picked,
  client: KubernetesClient,
  options: ListOptions,
): Promise<GetAnswer> {
  const { view, namespace } = picked;
  const { names, output } = request;
  const gathered: Gathered = { shown: [], resourceVersions: [], errors: [] };
  if (names.length === 0) await gather(client, view.queries(namespace), options, gathered);
  for (const name of names) {
    const before = gathered.shown.length + gathered.errors.length;
    await gather(client, view.named(name, namespace), options, gathered);
    if (gathered.shown.length + gathered.errors.length > before) continue;
    const where = namespace === undefined ? name : `${namespace}/${name}`;
    gathered.errors.push(`resource does not exist: ${view.kind}(${where})`);
  }
  const found = names.length === 0 ? gathered.shown : distinct(gathered.shown);
  const shown = request.export && names.length > 0 ? found.map(exported) : found;
  const { errors } = gathered;
  if (output.kind !== "yaml" && output.kind !== "json")
    return { text: laidOut(picked, output, shown), errors };
  const resources = shown.map(({ resource }) => resource);
  const one = names.length === 1 && resources.length === 1 && request.version !== "v1";
  const whole =
    names.length === 0 ? view.list(resources, gathered.resourceVersions) : one ? resources[0] : resources;
  if (names.length > 0 && resources.length === 0) return { text: "", errors };
  return { text: output.kind === "yaml" ? yamlText(whole) : jsonText(whole), errors };
}
