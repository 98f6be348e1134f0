import type { BigIntStats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { errorCode } from "../../model/error-code.ts";

/** What is found under one name of the directory. */
export type FoundFile =
  | {
      readonly kind: "text";
      readonly text: string;
      /** False: bytes that are no UTF-8 stand as U+FFFD in the text. */
      readonly utf8: boolean;
      /** Tells versions of the file apart; empty if it changed so lately that another change could look the same. */
      readonly stamp: string;
      readonly torn: boolean;
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "vanished" }
  | { readonly kind: "unreadable"; readonly because: string }
  /** By its name no manifest, or a directory. */
  | { readonly kind: "skipped"; readonly because: string };

/** Kernels stamp files at the pace of their tick, so two changes within one may carry one time. Milliseconds. */
const TICK = 100;

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/** Hidden files, backups and vim's probe of the directory are nobody's manifests. */
export function isPassedOver(name: string): boolean {
  return name.startsWith(".") || name.endsWith("~") || name === "4913";
}

function isManifestName(name: string): boolean {
  return /\.(yaml|yml|json)$/.test(name);
}

function decode(bytes: Uint8Array): { text: string; utf8: boolean } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), utf8: true };
  } catch {
    return { text: new TextDecoder("utf-8").decode(bytes), utf8: false };
  }
}

async function readManifest(path: string, before: BigIntStats): Promise<FoundFile> {
  const { text, utf8 } = decode(await readFile(path));
  const after = await stat(path, { bigint: true });
  const stamp = stampOf(before);
  const age =
    Date.now() - Number((after.ctimeNs > after.mtimeNs ? after.ctimeNs : after.mtimeNs) / 1_000_000n);
  const torn = stampOf(after) !== stamp;
  return { kind: "text", text, utf8, stamp: torn || age < TICK ? "" : stamp, torn };
}

/** Reads what stands under `name`, through symlinks, unless its stamp is still `known`. */
export async function readManifestFile(path: string, name: string, known: string): Promise<FoundFile> {
  try {
    const stats = await stat(path, { bigint: true });
    if (!isManifestName(name)) {
      const because = stats.isDirectory()
        ? "it is a directory"
        : "its name ends in none of .yaml, .yml and .json";
      return { kind: "skipped", because };
    }
    // A pipe would be waited for until somebody writes.
    if (!stats.isFile()) return { kind: "unreadable", because: "it is no regular file" };
    if (known !== "" && stampOf(stats) === known) return { kind: "unchanged" };
    return await readManifest(path, stats);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { kind: "vanished" };
    return { kind: "unreadable", because: error instanceof Error ? error.message : String(error) };
  }
}
