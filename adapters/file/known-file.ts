import type { Problem } from "../../model/problem.ts";
import { closePolicy } from "../objects/closed-policy.ts";
import type { PlacedObject } from "../objects/collect.ts";
import { whereText } from "../objects/defect.ts";
import { unreadableNamespace } from "../objects/namespace.ts";
import type { FoundFile } from "./manifest-file.ts";
import { type DocumentReading, readDocument } from "./read-document.ts";
import { type DocumentText, splitDocuments } from "./split-documents.ts";

/** What one name of the directory contributes. */
export interface KnownFile {
  /** Empty: read it again at the next look. */
  readonly stamp: string;
  readonly objects: readonly PlacedObject[];
  readonly problems: readonly Problem[];
  /** Readings by document text, to be taken over where the text is the same. */
  readonly readings: ReadonlyMap<string, DocumentReading>;
  readonly state: "read" | "skipped" | "unreadable";
}

export interface Reading {
  readonly name: string;
  readonly nodeName: string | undefined;
  /** Readings that are known already. */
  readonly known: ReadonlyMap<string, DocumentReading>;
  /** Lets the event loop run between documents. */
  readonly pace: () => Promise<void>;
}

/** Splits a file into documents and reads each; one that any file held in the same words is not parsed again. */
export async function readText(
  found: Extract<FoundFile, { kind: "text" }>,
  { name, nodeName, known, pace }: Reading,
): Promise<KnownFile> {
  const objects: PlacedObject[] = [];
  const problems: Problem[] = [];
  const readings = new Map<string, DocumentReading>();
  const take = ({ text, line: firstLine }: DocumentText, index: number): void => {
    // Bytes that are no UTF-8 make another reading than the same replacement character written by somebody.
    const key = found.utf8 ? text : `\0${text}`;
    const reading = readings.get(key) ?? known.get(key) ?? readDocument(text, { nodeName, utf8: found.utf8 });
    readings.set(key, reading);
    const place = `${name}, document ${index + 1}`;
    for (const read of reading.objects) objects.push({ where: place, read });
    for (const { line, where, ...problem } of reading.problems) {
      problems.push({ ...problem, where: whereText(`${place}, line ${firstLine + line - 1}`, where) });
    }
  };
  for (const [index, document] of splitDocuments(found.text).entries()) {
    take(document, index);
    await pace();
  }
  return { stamp: found.stamp, objects, problems, readings, state: "read" };
}

function closed(entry: PlacedObject): PlacedObject[] {
  const { read, where } = entry;
  if (read.kind === "policy") return [{ where, read: { ...read, value: closePolicy(read.value) } }];
  if (read.kind === "namespace") {
    return [{ where, read: { ...read, value: unreadableNamespace(read.value.name) } }];
  }
  return [];
}

/**
 * A file whose content is out of reach. What it said last is no truth any more, and forgetting it would open pods: its
 * policies isolate whom they selected, both ways, and allow nothing; its namespaces match no selector; its pods are
 * nobody's peers and their interfaces stay closed.
 */
export function closeFile(name: string, because: string, before: KnownFile | undefined): KnownFile {
  const objects = (before?.objects ?? []).flatMap(closed);
  const consequence =
    objects.length === 0
      ? "nothing in it is known"
      : "policies read from it before isolate whom they selected and allow nothing, its pods are closed";
  const problem = { where: name, path: "", value: "", message: `cannot be read: ${because}`, consequence };
  return { stamp: "", objects, problems: [problem], readings: new Map(), state: "unreadable" };
}

export function skipFile(name: string, because: string): KnownFile {
  const message = `not read: ${because}`;
  const problem = { where: name, path: "", value: "", message, consequence: "nothing in it counts" };
  return { stamp: "", objects: [], problems: [problem], readings: new Map(), state: "skipped" };
}
