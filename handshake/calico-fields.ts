import { echo, shortened } from "../model/echo.ts";

/** What becomes of a field that Calico's plugin knows, and this one has no use for. */
interface FieldRow {
  /** A path into the configuration, with dots; `*` at the end stands for any ending of the name. */
  readonly field: string;
  /** Values that ask for nothing but what happens anyway. Absent: every value does, and the field is ignored. */
  readonly harmless?: (value: unknown, configuration: Fields) => boolean;
  /** Why it is ignored, or what to do instead. */
  readonly because: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Nobody means nothing by more lists in lists than this. */
const DEEPEST = 100;

function isEmptyAt(depth: number, value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === false) return true;
  if (typeof value !== "object" || depth > DEEPEST) return false;
  return Object.values(value).every((part) => isEmptyAt(depth + 1, part));
}

function isEmpty(value: unknown): boolean {
  return isEmptyAt(0, value);
}

const oneOf =
  (...values: readonly string[]) =>
  (value: unknown): boolean =>
    isEmpty(value) || (typeof value === "string" && values.includes(value.toLowerCase()));

/** What names an etcd is harmless beside a datastore that is none, as templates leave it. */
const notMeant = (value: unknown, { datastore_type: datastore }: Fields): boolean =>
  isEmpty(value) || (typeof datastore === "string" && DATASTORES(datastore));

const DATASTORES = oneOf("kubernetes", "file");

function isDefaultRoutes(value: unknown): boolean {
  const isDefault = (route: unknown): boolean =>
    typeof route === "object" &&
    route !== null &&
    Object.entries(route).every(
      ([name, text]) => name === "dst" && (text === "0.0.0.0/0" || text === "::/0"),
    );
  return isEmpty(value) || (Array.isArray(value) && value.every(isDefault));
}

const POOLS =
  "addresses come from the node's podCIDRs: take it out, and set ipam to { type: host-local, subnet: usePodCidr }";
const ETCD = "set datastore_type to kubernetes: the agent alone talks to the datastore, and to no etcd";
const AGENT_KNOWS = "the agent knows the node";
const AGENT_TALKS = "the agent alone talks to the API server";
const STANDARD_ERROR = "log lines go to standard error, where the container runtime keeps them";

/** Every field of Calico's that is not used here. What is in neither table is another plugin's, and accepted. */
const ROWS: readonly FieldRow[] = [
  { field: "datastore_type", harmless: DATASTORES, because: ETCD },
  { field: "etcd_*", harmless: notMeant, because: ETCD },
  { field: "ipv4_pools", harmless: isEmpty, because: POOLS },
  { field: "ipv6_pools", harmless: isEmpty, because: POOLS },
  { field: "ipam.ipv4_pools", harmless: isEmpty, because: POOLS },
  { field: "ipam.ipv6_pools", harmless: isEmpty, because: POOLS },
  {
    field: "device_type",
    harmless: oneOf("veth"),
    because: "pods are linked by veth pairs: take it out, or set it to veth",
  },
  {
    field: "dataplane_options.type",
    harmless: oneOf("linux"),
    because: "pods are linked by this plugin itself: take dataplane_options out",
  },
  {
    field: "feature_control",
    harmless: isEmpty,
    because: "neither addresses from annotations nor floating addresses are in this version: take it out",
  },
  {
    field: "policy.type",
    harmless: oneOf("k8s"),
    because: "policies are Kubernetes NetworkPolicies: take it out, or set it to k8s",
  },
  {
    field: "readiness_gates",
    harmless: isEmpty,
    because: "a pod waits for its policy in the kernel, and for nothing else: take it out",
  },
  {
    field: "ipMasq",
    harmless: isEmpty,
    because: "give the agent a pool with nat-outgoing instead (CALICO_IPV4POOL_CIDR), and take it out",
  },
  {
    field: "runtimeConfig.mac",
    harmless: isEmpty,
    because: "a pod's MAC cannot be asked for: take the capability mac out",
  },
  {
    field: "ipam.routes",
    harmless: isDefaultRoutes,
    because: "a pod has a default route, which leads everywhere: take it out",
  },
  {
    field: "include_default_routes",
    harmless: (value) => value === true || value === null,
    because: "a pod always has a default route: take it out, or set it to true",
  },
  { field: "hostname", because: AGENT_KNOWS },
  { field: "nodename*", because: AGENT_KNOWS },
  { field: "kubernetes.*", because: AGENT_TALKS },
  { field: "policy.k8s_*", because: AGENT_TALKS },
  { field: "qps", because: AGENT_TALKS },
  { field: "burst", because: AGENT_TALKS },
  { field: "calico_api_group", because: AGENT_TALKS },
  { field: "log_file_*", because: STANDARD_ERROR },
  { field: "ipam_lock_file", because: "host-local has a lock of its own" },
  { field: "endpoint_status_dir", because: "the agent answers by its socket" },
  { field: "require_mtu_file", because: "the agent tells the MTU" },
  { field: "num_queues", because: "a veth has one queue" },
  { field: "windows_*", because: "this is Linux" },
];

/** The values that a row is about, by their names. */
function matching(configuration: Fields, field: string): [name: string, value: unknown][] {
  const dot = field.indexOf(".");
  const parent = dot < 0 ? configuration : configuration[field.slice(0, dot)];
  if (typeof parent !== "object" || parent === null) return [];
  const last = field.slice(dot + 1);
  const begin = last.endsWith("*") ? last.slice(0, -1) : undefined;
  return Object.entries(parent)
    .filter(([name]) => (begin === undefined ? name === last : name.startsWith(begin)))
    .map(([name, value]) => [field.slice(0, dot + 1) + name, value]);
}

/** A field whose value asks for something that is not done here, and what to do instead. */
export interface UnsupportedField {
  readonly found: string;
  readonly next: string;
}

/** The first one, with its name and value; undefined: there is none. */
export function unsupportedField(configuration: Fields): UnsupportedField | undefined {
  for (const { field, harmless, because } of ROWS) {
    if (harmless === undefined) continue;
    for (const [name, value] of matching(configuration, field)) {
      if (harmless(value, configuration)) continue;
      return { found: `${shortened(name)} is ${echo(value)}, which is not supported`, next: because };
    }
  }
  return undefined;
}

/** Fields that have no effect here, each with the reason: for the log. */
export function ignoredFields(configuration: Fields): readonly string[] {
  return ROWS.filter(({ harmless }) => harmless === undefined).flatMap(({ field, because }) =>
    matching(configuration, field).map(([name]) => `${name} is ignored: ${because}`),
  );
}
