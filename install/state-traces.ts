import { lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
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

function isNoDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}

/** What agent and plugin make in the run directory: whatever else stands there is somebody else's. */
function runFiles(runDirectory: string): string[] {
  const { socket, endpoints, agentAway, bootMark } = runPaths(runDirectory);
  const records = isDirectory(endpoints) ? readdirSync(endpoints).filter(isRecordName).toSorted() : [];
  return [
    socket,
    agentAway,
    bootMark,
    `${bootMark}.tmp`,
    `${bootMark}.lock`,
    ...records.map((name) => join(endpoints, name)),
  ].filter(isNoDirectory);
}

function isEmptyDirectory(path: string): boolean {
  return isDirectory(path) && readdirSync(path).length === 0;
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
  const { endpoints } = runPaths(runDirectory);
  const found =
    runFiles(runDirectory).length > 0 || isEmptyDirectory(endpoints) || isEmptyDirectory(runDirectory);
  if (!found) return [];
  return [
    {
      what: `directory ${runDirectory} (the agent's socket, records of pods), but for files of others`,
      remove: () => {
        for (const path of runFiles(runDirectory)) rmSync(path, { force: true });
        removeEmptyDirectory(endpoints);
        removeEmptyDirectory(runDirectory);
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
