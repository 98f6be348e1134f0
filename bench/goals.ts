import type { Goal } from "./goal.ts";
import { LARGE } from "./kernel-write/large.ts";

const NETLINK = { objects: LARGE.name, writer: "netlink" };
const LARGEST = { pods: "150000", policies: "1000", way: "streaming" };
const MEGABYTE = 1_000_000;

const PACKET_PATHS = [
  { text: "throughput", labels: { of: "throughput" }, figures: 2 },
  {
    text: "new connections with a processor for each end",
    labels: { of: "connections", processors: "2" },
    figures: 1,
  },
  {
    text: "new connections on one processor, IPv4 and IPv6",
    labels: { of: "connections", processors: "1" },
    figures: 2,
  },
] as const;

/** What the project promises. */
export const GOALS: readonly Goal[] = [
  {
    measurement: "kernel-write",
    text: `one element at ${LARGE.name}: p50 below 0.1 ms`,
    metric: "kernel_write_seconds",
    labels: { ...NETLINK, op: "element" },
    figures: 1,
    compares: false,
    reached: ({ p50 }) => p50 < 0.000_1,
  },
  ...["endpoint", "policy", "policy edit"].map((op): Goal => ({
    measurement: "kernel-write",
    text: `one ${op} there: p50 below 1.5 ms`,
    metric: "kernel_write_seconds",
    labels: { ...NETLINK, op },
    figures: 1,
    compares: false,
    reached: ({ p50 }) => p50 < 0.001_5,
  })),
  {
    measurement: "kernel-write",
    text: "one element there: libnftables takes 100 times as long, or more",
    metric: "kernel_write_ratio",
    labels: { objects: LARGE.name, writer: "libnftables", op: "element" },
    figures: 1,
    compares: true,
    reached: ({ p50 }) => p50 >= 100,
  },
  {
    measurement: "kernel-write",
    text: "from 10 endpoints to that, we grow no more than the kernel alone",
    metric: "kernel_write_growth_ratio",
    labels: { objects: LARGE.name, writer: "netlink to raw" },
    // What two medians of one run differ by.
    figures: 4,
    compares: true,
    reached: ({ p50 }) => p50 < 1.1,
  },
  {
    measurement: "event-to-packet",
    text: "at 10,000 pods, event to packet beyond the bare watch: p50 within 5 ms, p99 within 20 ms",
    metric: "event_to_packet_beyond_watch_seconds",
    labels: { pods: "10000" },
    figures: 2,
    compares: true,
    reached: ({ p50, p99 }) => p50 <= 0.005 && p99 <= 0.02,
  },
  {
    measurement: "cold-start",
    text: "150,000 pods: in sync below 8 s",
    metric: "cold_start_in_sync_seconds",
    labels: LARGEST,
    figures: 1,
    compares: false,
    reached: ({ p50 }) => p50 < 8,
  },
  {
    measurement: "cold-start",
    text: "150,000 pods: at most 350 MB at the peak",
    metric: "resident_memory_bytes",
    labels: { ...LARGEST, state: "peak" },
    figures: 1,
    compares: false,
    reached: ({ p50 }) => p50 <= 350 * MEGABYTE,
  },
  {
    measurement: "cold-start",
    text: "150,000 pods: at most 200 MB settled",
    metric: "resident_memory_bytes",
    labels: { ...LARGEST, state: "settled" },
    figures: 1,
    compares: false,
    reached: ({ p50 }) => p50 <= 200 * MEGABYTE,
  },
  {
    measurement: "cold-start",
    text: "150,000 pods: no gap of the event loop above 50 ms in steady state",
    metric: "event_loop_longest_gap_seconds",
    labels: { ...LARGEST, phase: "steady" },
    figures: 1,
    compares: false,
    reached: ({ p50 }) => p50 < 0.05,
  },
  ...PACKET_PATHS.map(({ text, labels, figures }): Goal => ({
    measurement: "packet-path",
    text: `1,000 policies, ${text}: at least 0.95 of a table that only accepts established`,
    metric: "packet_path_ratio",
    labels: { ...labels, table: "tortie", policies: "1000" },
    figures,
    compares: true,
    reached: ({ p50 }) => p50 >= 0.95,
  })),
  {
    measurement: "churn",
    text: "memory flat within 5 %",
    metric: "churn_memory_growth_ratio",
    labels: {},
    figures: 1,
    compares: true,
    reached: ({ p50 }) => Math.abs(p50 - 1) <= 0.05,
  },
  {
    measurement: "churn",
    text: "nothing in the kernel differs from the model",
    metric: "churn_drift_objects",
    labels: {},
    figures: 1,
    compares: false,
    reached: ({ p50, p99 }) => p50 === 0 && p99 === 0,
  },
];
