import type { Environment } from "../model/environment.ts";
import { configurationTraces, executableTraces, kubeconfigTraces } from "./file-traces.ts";
import { InstallError, messageOf } from "./install-error.ts";
import { livingAgent, routeTraces, tableTraces } from "./kernel-traces.ts";
import { runTraces, stateTraces } from "./state-traces.ts";
import type { Trace } from "./trace.ts";
import { untilSignal } from "./until-signal.ts";
import { type NodePlaces, readUninstallOptions, type UninstallOptions } from "./uninstall-options.ts";

/** What the face needs of the world. */
export interface UninstallSurroundings {
  readonly environment: Environment;
  /** Writes to standard output and gives the exit code. */
  readonly print: (text: string) => number;
  readonly warn: (text: string) => void;
  /** Nothing is left, and it was asked to stay. */
  readonly stay?: () => void;
}

const LEFT = `Left as they are:
  interfaces of running pods (cali*): these pods live on without routes; drain the node before, or delete them
  leases in /var/lib/cni/networks: an address must not go to two pods; once none of this node's is left,
    rm -r /var/lib/cni/networks/k8s-pod-network
  host-local, portmap, bandwidth, loopback, tuning: other networks call them, too
  files of Calico's that tortie install replaced: install Calico again
`;

/** In the order in which they go: without configuration, runtimes stop to call the plugin. */
const FINDERS: readonly ((places: NodePlaces) => readonly Trace[])[] = [
  configurationTraces,
  tableTraces,
  routeTraces,
  executableTraces,
  kubeconfigTraces,
  runTraces,
  stateTraces,
];

interface Found {
  readonly traces: readonly Trace[];
  readonly failures: readonly string[];
}

/** Everything of ours on this node, as far as it may be looked at. */
export function findTraces(places: NodePlaces): Found {
  const traces: Trace[] = [];
  const failures: string[] = [];
  for (const find of FINDERS) {
    try {
      traces.push(...find(places));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return { traces, failures };
}

function uninstall(
  { dryRun, places, missing }: UninstallOptions,
  { print, warn }: UninstallSurroundings,
): number {
  const say = (line: string): void => void print(`${line}\n`);
  if (missing.length > 0) say(`Not looked at, for there is no such directory: ${missing.join(", ")}`);
  const { traces, failures } = findTraces(places);
  const living = failures.length > 0 ? undefined : livingAgent(places.runDirectory);
  if (dryRun) for (const { what } of traces) say(`Would remove ${what}`);
  if (living !== undefined) {
    throw new InstallError(
      `the agent lives on this node (${living}) and would put back what is taken away, so nothing is removed; stop it, ` +
        "then run this again",
    );
  }
  let left = failures.length;
  for (const failure of failures) warn(`tortie uninstall: ${failure}\n`);
  for (const { what, remove } of dryRun ? [] : traces) {
    try {
      remove();
      say(`Removed ${what}`);
    } catch (error) {
      left++;
      warn(`tortie uninstall: could not remove ${what}: ${messageOf(error)}\n`);
    }
  }
  if (traces.length === 0 && left === 0)
    say(`There is nothing of tortie ${missing.length > 0 ? "in the rest of" : "on"} this node.`);
  if (traces.length > 0) print(LEFT);
  if (left > 0) warn("tortie uninstall: something is left; mend what is said above, and run it again\n");
  return left > 0 ? 1 : 0;
}

/** The face with its surroundings given, in the network namespace that it is called in; answers the exit code. */
export function uninstallIn(args: readonly string[], surroundings: UninstallSurroundings): number {
  try {
    const asked = readUninstallOptions(args, surroundings.environment);
    if (asked.kind === "help") return surroundings.print(asked.text);
    const code = uninstall(asked.options, surroundings);
    if (code === 0 && asked.options.sleep) surroundings.stay?.();
    return code;
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    surroundings.warn(`tortie uninstall: ${error.message}\n`);
    return 1;
  }
}

/** `tortie uninstall`. Answers the exit code: 0, or 1 where something could not be removed. */
export async function uninstallMain(
  args: readonly string[],
  { print }: { readonly print: (text: string) => number },
): Promise<number> {
  let stays = false;
  const code = uninstallIn(args, {
    environment: process.env,
    print,
    warn: (text) => void process.stderr.write(text),
    stay: () => void (stays = true),
  });
  if (stays) await untilSignal();
  return code;
}
