import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errorCode } from "../model/error-code.ts";
import { CONTAINER_ID, type EndpointRecord, EndpointRecordSchema } from "./endpoint-record.ts";
import type { RunPaths } from "./run-paths.ts";

const SUFFIX = ".json";

/** A file that should hold a record and does not: it hurts nobody but its own container. */
export interface UnreadableRecord {
  readonly path: string;
  readonly why: string;
}

export interface StoredRecords {
  readonly records: readonly EndpointRecord[];
  readonly unreadable: readonly UnreadableRecord[];
}

/** One container's: a record, a file that cannot be read, or nothing. */
export type StoredRecord =
  | { readonly kind: "record"; readonly record: EndpointRecord }
  | { readonly kind: "unreadable"; readonly unreadable: UnreadableRecord }
  | { readonly kind: "none" };

interface RecordPaths {
  readonly file: string;
  /** Of one name for each container, so that whoever removes the record removes what a crash left, too. */
  readonly temporary: string;
}

function recordPaths({ endpoints }: RunPaths, containerId: string): RecordPaths {
  // It becomes a path: whatever was checked before, nothing but a plain name may leave this function.
  if (!CONTAINER_ID.test(containerId)) throw new TypeError(`"${containerId}" is no container ID`);
  return { file: join(endpoints, containerId + SUFFIX), temporary: join(endpoints, `.${containerId}.tmp`) };
}

/** Neither the file is there, nor perhaps the directory, in whose place something else may be. */
function isAbsence(code: string | undefined): boolean {
  return code === "ENOENT" || code === "ENOTDIR";
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EISDIR") return rmSync(path, { recursive: true, force: true });
    if (!isAbsence(code)) throw error;
  }
}

function parseRecord(text: string, containerId: string): EndpointRecord | string {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  const parsed = v.safeParse(EndpointRecordSchema, given);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return `${v.getDotPath(issue) ?? "the record"}: ${issue.message}`;
  }
  if (parsed.output.containerId !== containerId) return `it speaks of container ${parsed.output.containerId}`;
  return parsed.output;
}

function readFile(path: string, containerId: string): StoredRecord {
  try {
    const found = parseRecord(readFileSync(path, "utf8"), containerId);
    return typeof found === "string"
      ? { kind: "unreadable", unreadable: { path, why: found } }
      : { kind: "record", record: found };
  } catch (error) {
    const code = errorCode(error);
    if (isAbsence(code)) return { kind: "none" };
    if (code === undefined) throw error;
    return { kind: "unreadable", unreadable: { path, why: code } };
  }
}

/** Puts the record in place of an older one, in one step that no reader sees half of. Throws what node:fs throws. */
export function writeRecord(paths: RunPaths, record: EndpointRecord): void {
  const { file, temporary } = recordPaths(paths, record.containerId);
  mkdirSync(paths.endpoints, { recursive: true, mode: 0o700 });
  writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  // What a crash left keeps its rights when it is written over.
  chmodSync(temporary, 0o600);
  renameSync(temporary, file);
}

export function readRecord(paths: RunPaths, containerId: string): StoredRecord {
  return readFile(recordPaths(paths, containerId).file, containerId);
}

/** All records; a directory that is not there holds none. Throws what node:fs throws where it cannot be listed. */
export function readRecords({ endpoints }: RunPaths): StoredRecords {
  let names: string[];
  try {
    names = readdirSync(endpoints);
  } catch (error) {
    if (isAbsence(errorCode(error))) return { records: [], unreadable: [] };
    throw error;
  }
  const records: EndpointRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const name of names.toSorted()) {
    const containerId = name.slice(0, -SUFFIX.length);
    if (!name.endsWith(SUFFIX) || !CONTAINER_ID.test(containerId)) continue;
    const found = readFile(join(endpoints, name), containerId);
    if (found.kind === "record") records.push(found.record);
    if (found.kind === "unreadable") unreadable.push(found.unreadable);
  }
  return { records, unreadable };
}

/** Removes the record, readable or not, and what a crash left of writing it; nothing there is fine. */
export function removeRecord(paths: RunPaths, containerId: string): void {
  const { file, temporary } = recordPaths(paths, containerId);
  remove(temporary);
  remove(file);
}
