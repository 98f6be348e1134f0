import type { Figures, Observations } from "./figures.ts";

interface About {
  readonly name: string;
  readonly help: string;
}

/** One value, with the value of the metric's label where it has one. */
export interface Sample {
  readonly label?: string;
  readonly value: number;
}

/** Read when somebody asks. */
export interface ReadMetric extends About {
  readonly kind: "gauge" | "counter";
  readonly label?: string;
  /** Whether it is there only where metrics of the process are wanted. */
  readonly ofProcess?: true;
  readonly read: (figures: Figures) => number | readonly Sample[];
}

/** Gathered from what is told. Seconds. */
export interface ObservedMetric extends About {
  readonly kind: "histogram" | "summary";
  readonly observes: keyof Observations;
  /** Upper bounds, of a histogram. */
  readonly buckets?: readonly number[];
}

export type Metric = ReadMetric | ObservedMetric;

const MILLISECOND = 1e-3;

function resyncState({ health: { datastore, inSync } }: Figures): number {
  if (inSync) return 3;
  return datastore.kind === "waiting" ? 1 : 2;
}

function staleSeconds({ health: { datastore } }: Figures): number {
  return datastore.kind === "stale" ? (Date.now() - datastore.since.getTime()) / 1_000 : 0;
}

/** Names are Felix's where Felix has one of that meaning. */
const FELIX: readonly Metric[] = [
  {
    name: "felix_active_local_endpoints",
    kind: "gauge",
    help: "Endpoints of this node that have rules.",
    read: ({ health }) => health.counts.endpoints,
  },
  {
    name: "felix_active_local_policies",
    kind: "gauge",
    help: "Policies that select an endpoint of this node.",
    read: ({ health }) => health.counts.localPolicies,
  },
  {
    name: "felix_active_local_selectors",
    kind: "gauge",
    help: "Lists of peers that rules of this node use; equal ones are one set in the kernel.",
    read: ({ health }) => health.counts.peerSets,
  },
  {
    name: "felix_cluster_num_policies",
    kind: "gauge",
    help: "Policies of the cluster.",
    read: ({ health }) => health.counts.clusterPolicies,
  },
  {
    name: "felix_cluster_num_workload_endpoints",
    kind: "gauge",
    help: "Pods of the cluster that have a network of their own, finished ones included until they are deleted.",
    read: ({ health }) => health.counts.clusterEndpoints,
  },
  {
    name: "felix_resync_state",
    kind: "gauge",
    help: "How far the datastore is read: 1 it is waited for, 2 it is being read, 3 it was read whole.",
    read: resyncState,
  },
  {
    name: "felix_int_dataplane_apply_time_seconds",
    kind: "summary",
    help: "What passes over the kernel took that changed something.",
    observes: "apply",
  },
  {
    name: "felix_int_dataplane_failures",
    kind: "counter",
    help: "Passes over the kernel that failed and were tried again.",
    read: ({ health }) => health.passes.failed,
  },
];

const KERNEL: readonly Metric[] = [
  {
    name: "tortie_nftables_chains",
    kind: "gauge",
    help: "Chains of our table in the kernel.",
    read: ({ health }) => health.table().chains,
  },
  {
    name: "tortie_nftables_sets",
    kind: "gauge",
    help: "Sets and maps of our table in the kernel.",
    read: ({ health }) => health.table().sets,
  },
  {
    name: "tortie_nftables_elements",
    kind: "gauge",
    help: "Elements of those sets and maps.",
    read: ({ health }) => health.table().elements,
  },
  {
    name: "tortie_programs",
    kind: "gauge",
    help: "Lists of policies in force; endpoints with equal ones share one for each direction.",
    read: ({ health }) => health.counts.programs,
  },
  {
    name: "tortie_event_to_kernel_seconds",
    kind: "histogram",
    help: "From the first sight of a change until packets are judged by it; of each pass the oldest change. The first rules are left out.",
    observes: "eventToKernel",
    buckets: [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 30_000].map((one) => one * MILLISECOND),
  },
  {
    name: "tortie_passes_total",
    kind: "counter",
    help: "Passes over the kernel by what they came to: unchanged, applied, degraded (the kernel refused something) or failed.",
    label: "outcome",
    read: ({ health }) => Object.entries(health.passes).map(([label, value]) => ({ label, value })),
  },
  {
    name: "tortie_refused_objects",
    kind: "gauge",
    help: "Objects that the kernel refused; they are closed.",
    read: ({ health }) => health.refused.length,
  },
];

const NODE: readonly Metric[] = [
  {
    name: "tortie_build_info",
    kind: "gauge",
    help: "Always 1; says the version.",
    label: "version",
    read: ({ version }) => [{ label: version, value: 1 }],
  },
  {
    name: "tortie_datastore_in_sync",
    kind: "gauge",
    help: "1 where the datastore was read whole and is followed at this moment, else 0.",
    read: ({ health: { datastore, inSync } }) => (inSync && datastore.kind === "connected" ? 1 : 0),
  },
  {
    name: "tortie_datastore_stale_seconds",
    kind: "gauge",
    help: "For how long the datastore, read whole before, cannot be followed; 0 where it can.",
    read: staleSeconds,
  },
  {
    name: "tortie_problems",
    kind: "gauge",
    help: "Defects of objects in the datastore; what they are part of allows nothing.",
    read: ({ health }) => health.problems.length,
  },
  {
    name: "tortie_conditions",
    kind: "gauge",
    help: "What people must see of this node: failure keeps it from being ready, notice does not.",
    label: "kind",
    read: ({ health }) =>
      (["failure", "notice"] as const).map((label) => ({
        label,
        value: health.conditions.filter(({ kind }) => kind === label).length,
      })),
  },
  {
    name: "tortie_pods_wired",
    kind: "gauge",
    help: "Containers that our CNI plugin wired; 0 where another one does.",
    read: ({ health }) => health.podNetwork?.pods ?? 0,
  },
  {
    name: "tortie_pods_waiting",
    kind: "gauge",
    help: "Pods that are being added and wait for something.",
    read: ({ health }) => health.podNetwork?.waiting.length ?? 0,
  },
];

const PROCESS: readonly Metric[] = [
  {
    name: "tortie_event_loop_delay_seconds",
    kind: "histogram",
    help: "By how much the event loop, looked at every 20 ms, was late.",
    observes: "loopDelay",
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000].map((one) => one * MILLISECOND),
  },
  {
    name: "tortie_event_loop_longest_gap_seconds",
    kind: "gauge",
    help: "The longest such delay of the last one to two minutes.",
    read: ({ longestGapSeconds }) => longestGapSeconds,
  },
  {
    name: "process_cpu_seconds_total",
    kind: "counter",
    help: "CPU time of the agent, user and system.",
    ofProcess: true,
    read: ({ process }) => process?.cpuSeconds ?? 0,
  },
  {
    name: "process_resident_memory_bytes",
    kind: "gauge",
    help: "Resident memory of the agent.",
    ofProcess: true,
    read: ({ process }) => process?.residentBytes ?? 0,
  },
  {
    name: "process_open_fds",
    kind: "gauge",
    help: "Open file descriptors of the agent.",
    ofProcess: true,
    read: ({ process }) => process?.openFiles ?? 0,
  },
  {
    name: "process_start_time_seconds",
    kind: "gauge",
    help: "When the agent was started, in seconds since 1970.",
    ofProcess: true,
    read: ({ process }) => process?.startedAtSeconds ?? 0,
  },
];

/** Groups of metrics in the order of the documentation. */
export const METRIC_GROUPS: readonly (readonly [title: string, rows: readonly Metric[]])[] = [
  ["As Felix has them", FELIX],
  ["The kernel", KERNEL],
  ["The node", NODE],
  ["The process", PROCESS],
];

export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(([, rows]) => rows);
