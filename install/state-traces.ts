import { lstatSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDirectory, unfinishedName } from "../handshake/cni-files.ts";
import { CONTAINER_ID } from "../handshake/endpoint-record.ts";
import { runPaths } from "../handshake/run-paths.ts";
import { fileTrace, isFile, type Trace } from "./trace.ts";
import type { NodePlaces } from "./uninstall-options.ts";

/** Of a container: its record, or what a crash left of writing one. */
function isRecordName(name: string): boolean {
  const [, containerId] = /^(.+)\.json$/.exec(name) ?? /^\.(.+)\.tmp$/.exec(name) ?? [];
  return containerId !== undefined && CONTAINER_ID.test(containerId);
}

/** Nearly every name may be a container's: a lock holds no more than the mark of who waits for it. */
function isLock(path: string, name: string): boolean {
  return CONTAINER_ID.test(name) && (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) <= 1;
}

function isNoDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}

function filesIn(directory: string, isOurs: (name: string) => boolean): string[] {
  if (!isDirectory(directory)) return [];
  return readdirSync(directory)
    .filter(isOurs)
    .toSorted()
    .map((name) => join(directory, name));
}

/** What agent and plugin make in the run directory: whatever else stands there is somebody else's. */
function runFiles(runDirectory: string): string[] {
  const { socket, endpoints, locks, agentAway, bootMark } = runPaths(runDirectory);
  return [
    socket,
    agentAway,
    bootMark,
    `${bootMark}.tmp`,
    `${bootMark}.lock`,
    ...filesIn(endpoints, isRecordName),
    ...filesIn(locks, (name) => isLock(join(locks, name), name)),
  ].filter(isNoDirectory);
}

/** In a container it is one of the host's, and only the host can remove it. */
function isMountPoint(directory: string): boolean {
  return statSync(directory).dev !== statSync(dirname(directory)).dev;
}

function isEmptyDirectory(path: string): boolean {
  return isDirectory(path) && !isMountPoint(path) && readdirSync(path).length === 0;
}

function removeEmptyDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Others keep something there.
  }
}

/** What agent and plugin keep until a reboot. */
export function runTraces({ runDirectory }: NodePlaces): Trace[] {
  const { endpoints, locks } = runPaths(runDirectory);
  const directories = [endpoints, locks, runDirectory];
  if (runFiles(runDirectory).length === 0 && !directories.some(isEmptyDirectory)) return [];
  return [
    {
      what: `directory ${runDirectory} (the agent's socket, records of pods), but for files of others`,
      remove: () => {
        for (const path of runFiles(runDirectory)) rmSync(path, { force: true });
        for (const directory of directories) removeEmptyDirectory(directory);
      },
    },
  ];
}

/** What the agent keeps beyond a reboot. */
export function stateTraces({ stateDirectory }: NodePlaces): Trace[] {
  const files = [
    ["file", "mtu"],
    ["unfinished file", unfinishedName("mtu")],
  ] as const;
  return files.flatMap(([kind, name]): Trace[] => {
    const path = join(stateDirectory, name);
    if (!isFile(path)) return [];
    const { what, remove } = fileTrace(kind, path);
    const removeBoth = (): void => {
      remove();
      removeEmptyDirectory(stateDirectory);
    };
    return [{ what, remove: removeBoth }];
  });
}
