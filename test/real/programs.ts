import { join } from "node:path";

const SCRIPT = new URL("../../script/real-servers", import.meta.url).pathname;

let found: string | undefined;

function directory(): string {
  if (found !== undefined) return found;
  const done = Bun.spawnSync([SCRIPT]);
  if (!done.success) throw new Error(`script/real-servers: ${done.stderr.toString()}`);
  found = done.stdout.toString().trim();
  return found;
}

type ProgramName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kubectl"
  | "kubelet"
  | "containerd"
  | "ctr"
  | "busybox"
  | "iptables"
  | "ip6tables"
  | PluginProgramName;

/** Those of containernetworking that script/real-servers brings. */
export type PluginProgramName =
  | "ptp"
  | "bridge"
  | "host-local"
  | "loopback"
  | "portmap"
  | "bandwidth"
  | "tuning";

/** The path of a real program; script/real-servers builds it where script/bootstrap did not. */
export function program(name: ProgramName): string {
  return join(directory(), name);
}

/** The path of a real program where script/real-servers built it before; it builds nothing. */
export function builtProgram(name: ProgramName): string | undefined {
  const path = Bun.spawnSync([SCRIPT, "--built"]).stdout.toString().trim();
  return path === "" ? undefined : join(path, name);
}

/** The minor version of the API server, for example 20. */
export function apiServerMinor(server: string = program("kube-apiserver")): number {
  const said = Bun.spawnSync([server, "--version"]).stdout.toString();
  const minor = /v1\.(\d+)/.exec(said)?.[1];
  if (minor === undefined) throw new Error(`kube-apiserver --version says no version: ${said}`);
  return Number(minor);
}
