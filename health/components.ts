import { type Problem, problemText } from "../model/problem.ts";
import { unreachable } from "../model/unreachable.ts";

/** Longer than this in one settle and the process is better restarted (Calico's DataplaneWatchdogTimeout). */
const SETTLE_TIMEOUT_SECONDS = 90;

const NAMED_PER_COMPONENT = 5;

/** How the datastore is read, as far as health is concerned. */
export type DatastoreHealth =
  | { readonly kind: "connected" }
  | { readonly kind: "waiting"; readonly for: string; readonly next: string }
  | { readonly kind: "stale"; readonly since: Date; readonly because: string; readonly next: string };

/** What the agent knows of itself. Times in milliseconds of performance.now(). */
export interface AgentHealth {
  readonly datastore: DatastoreHealth;
  readonly inSync: boolean;
  readonly problems: readonly Problem[];
  /** What people must see of the datastore and this node; a `failure` makes the node not ready. */
  readonly conditions: readonly { readonly kind: "failure" | "notice"; readonly text: string }[];
  /** A ruleset has been in the kernel since this start. */
  readonly applied: boolean;
  readonly settlingSince: number | undefined;
  /** Why the last settle failed; undefined: it did not. */
  readonly failure: string | undefined;
  /** Objects that the kernel refused, in words. */
  readonly refused: readonly string[];
  /** As of the last pass. */
  readonly counts: RulesetCounts;
  /** At this moment. */
  readonly table: () => TableHealth;
  /** Passes since the start, by what they came to. */
  readonly passes: PassCounts;
  /** Undefined: our CNI plugin does not wire this node's pods. */
  readonly podNetwork: PodNetworkHealth | undefined;
}

/** What the rules are made of, and made for. */
export interface RulesetCounts {
  /** Of this node. */
  readonly endpoints: number;
  /** Endpoints with the same policies share one for each direction. */
  readonly programs: number;
  /** Lists of peers that rules of this node use; equal ones are one. */
  readonly peerSets: number;
  /** That select an endpoint of this node. */
  readonly localPolicies: number;
  readonly clusterPolicies: number;
  readonly clusterEndpoints: number;
}

/** Our table in the kernel. */
export interface TableHealth {
  readonly chains: number;
  /** Maps included. */
  readonly sets: number;
  readonly elements: number;
  /** Just installed: what was open before is judged by policy. */
  readonly grace: boolean;
  /** Why others can change the table; empty where they cannot. */
  readonly ownershipNote: string;
}

export type PassCounts = Readonly<Record<"unchanged" | "applied" | "degraded" | "failed", number>>;

/** How the CNI plugin is served. */
export interface PodNetworkHealth {
  /** Where the plugin calls. */
  readonly socket: string;
  /** Why it cannot; undefined: it can. */
  readonly trouble: string | undefined;
  /** Containers that the plugin wired. */
  readonly pods: number;
  /** What pods that are being added wait for. */
  readonly waiting: readonly string[];
}

export interface Component {
  readonly name: string;
  /** Undefined: it reports only when something changes. */
  readonly timeoutSeconds: number | undefined;
  readonly live: boolean;
  readonly ready: boolean;
  readonly detail: readonly string[];
}

export interface HealthReport {
  readonly live: boolean;
  readonly ready: boolean;
  readonly components: readonly Component[];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function firstFew(what: readonly [one: string, many: string], texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const hidden = texts.length - NAMED_PER_COMPONENT;
  const more = hidden > 0 ? [`and ${hidden} more`] : [];
  return [`${counted(texts.length, ...what)}:`, ...texts.slice(0, NAMED_PER_COMPONENT), ...more];
}

function datastoreDetail({ datastore, inSync }: AgentHealth): string[] {
  switch (datastore.kind) {
    case "connected":
      return [inSync ? "in sync" : "being read for the first time"];
    case "waiting":
      return [`waiting for ${datastore.for}`, `next: ${datastore.next}`];
    case "stale":
      return [
        `stale since ${datastore.since.toISOString()}: ${datastore.because}`,
        "what was read before stays enforced",
        `next: ${datastore.next}`,
      ];
    default:
      return unreachable(datastore);
  }
}

function inKernel({ counts, table }: AgentHealth): string {
  const { chains, sets, elements, grace, ownershipNote } = table();
  const endpoints = counted(counts.endpoints, "endpoint", "endpoints");
  const policies = counted(counts.clusterPolicies, "policy", "policies");
  const programs = counted(counts.programs, "program", "programs");
  return [
    `in the kernel: ${endpoints} of this node, ${policies} of the cluster`,
    `the endpoints share ${programs}`,
    `${chains} chains, ${sets} sets, ${elements} elements`,
    ...(grace
      ? ["just installed: what was open before is judged by policy, not cut (TORTIE_GRACESECONDS)"]
      : []),
    ...(ownershipNote === "" ? [] : [`the table is not owned: ${ownershipNote}`]),
  ].join("; ");
}

function dataplaneComponent(health: AgentHealth, now: number, timeoutSeconds: number): Component {
  const seconds = health.settlingSince === undefined ? 0 : (now - health.settlingSince) / 1000;
  const stuck = seconds > timeoutSeconds;
  const detail: string[] = [];
  if (stuck)
    detail.push(`stuck for ${Math.floor(seconds)} s in one pass over the kernel; next: restart tortie`);
  if (health.failure !== undefined) detail.push(`the last pass failed and is retried: ${health.failure}`);
  else if (health.applied) detail.push(inKernel(health));
  else if (health.inSync) detail.push("the first ruleset is on its way into the kernel");
  else detail.push("nothing is written before the datastore is in sync");
  return {
    name: "Dataplane",
    timeoutSeconds,
    live: !stuck,
    ready: health.applied && health.failure === undefined && !stuck,
    detail: [
      ...detail,
      ...firstFew(["object refused by the kernel", "objects refused by the kernel"], health.refused),
    ],
  };
}

function pluginComponent({ socket, trouble, pods, waiting }: PodNetworkHealth): Component {
  const served = `listening on ${socket}, ${counted(pods, "container", "containers")} wired`;
  return {
    name: "CNI",
    timeoutSeconds: undefined,
    live: true,
    ready: trouble === undefined,
    detail: [trouble ?? served, ...firstFew(["pod waits", "pods wait"], waiting)],
  };
}

/**
 * Judges what the agent knows of itself.
 *
 * Unreadable and refused objects are named but leave the node ready: they are closed, everything else is enforced. A stale
 * datastore too: restarting or avoiding this node would mend nothing.
 *
 * @param now milliseconds of performance.now()
 */
export function healthReport(
  health: AgentHealth,
  now: number,
  settleTimeoutSeconds: number = SETTLE_TIMEOUT_SECONDS,
): HealthReport {
  const components: Component[] = [
    // That somebody reads this is the proof: the loop that answers is the loop that works.
    { name: "MainLoop", timeoutSeconds: undefined, live: true, ready: true, detail: [] },
    {
      name: "Datastore",
      timeoutSeconds: undefined,
      live: true,
      ready: health.inSync && health.datastore.kind !== "waiting",
      detail: datastoreDetail(health),
    },
    {
      name: "Node",
      timeoutSeconds: undefined,
      live: true,
      ready: health.conditions.every(({ kind }) => kind === "notice"),
      detail: health.conditions.map(({ kind, text }) => (kind === "notice" ? `notice: ${text}` : text)),
    },
    {
      name: "Objects",
      timeoutSeconds: undefined,
      live: true,
      ready: true,
      detail: firstFew(["problem", "problems"], health.problems.map(problemText)),
    },
    dataplaneComponent(health, now, settleTimeoutSeconds),
    ...(health.podNetwork === undefined ? [] : [pluginComponent(health.podNetwork)]),
  ];
  return {
    live: components.every((component) => component.live),
    ready: components.every((component) => component.live && component.ready),
    components,
  };
}
