import { closeSync, openSync, readSync } from "node:fs";

/** What a machine must have to start an executable. */
export interface ElfNeeds {
  /** The dynamic loader; undefined: none. */
  readonly loader: string | undefined;
  /** The newest version of glibc that it asks for, for example `2.17`. */
  readonly glibc: string | undefined;
}

const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const PT_INTERP = 3;
const SHT_GNU_VERNEED = 0x6ffffffe;
const SECTION_HEADER = 64;
const PROGRAM_HEADER = 56;

const GLIBC = /GLIBC_(\d+)\.(\d+)(?![.\d])/g;

/** The newest `GLIBC_x.y` that stands in a text, as `x.y`. */
export function newestGlibc(text: string): string | undefined {
  const found = [...text.matchAll(GLIBC)].map(([, major, minor]) => [Number(major), Number(minor)] as const);
  const newest = found.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).at(-1);
  return newest?.join(".");
}

/** Whether version `a` of glibc comes before `b`. */
export function isOlder(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB < 0 || (majorA === majorB && minorA < minorB);
}

type Read = (at: number, length: number) => Buffer;

function cString(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("latin1", at, end < 0 ? bytes.length : end);
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Number of the section that holds its texts. */
  readonly link: number;
  /** How many entries it has. */
  readonly count: number;
}

function sections(header: Buffer, read: Read): Section[] {
  const start = Number(header.readBigUInt64LE(0x28));
  const table = read(start, header.readUInt16LE(0x3c) * SECTION_HEADER);
  return Array.from({ length: Math.floor(table.length / SECTION_HEADER) }, (_, index): Section => {
    const at = index * SECTION_HEADER;
    return {
      type: table.readUInt32LE(at + 4),
      offset: Number(table.readBigUInt64LE(at + 24)),
      size: Number(table.readBigUInt64LE(at + 32)),
      link: table.readUInt32LE(at + 40),
      count: table.readUInt32LE(at + 44),
    };
  });
}

/** The names of all versions that it asks for, of whatever library. */
function neededVersions(all: readonly Section[], read: Read): string[] {
  const needs = all.find(({ type }) => type === SHT_GNU_VERNEED);
  const texts = needs === undefined ? undefined : all[needs.link];
  if (needs === undefined || texts === undefined) return [];
  const bytes = read(needs.offset, needs.size);
  const strings = read(texts.offset, texts.size);
  const names: string[] = [];
  let library = 0;
  for (let left = needs.count; left > 0 && library + 16 <= bytes.length; left--) {
    let version = library + bytes.readUInt32LE(library + 8);
    for (let count = bytes.readUInt16LE(library + 2); count > 0 && version + 16 <= bytes.length; count--) {
      names.push(cString(strings, bytes.readUInt32LE(version + 8)));
      version += bytes.readUInt32LE(version + 12);
    }
    const next = bytes.readUInt32LE(library + 12);
    if (next === 0) break;
    library += next;
  }
  return names;
}

function loaderOf(header: Buffer, read: Read): string | undefined {
  const start = Number(header.readBigUInt64LE(0x20));
  const table = read(start, header.readUInt16LE(0x38) * PROGRAM_HEADER);
  for (let at = 0; at + PROGRAM_HEADER <= table.length; at += PROGRAM_HEADER) {
    if (table.readUInt32LE(at) !== PT_INTERP) continue;
    return cString(read(Number(table.readBigUInt64LE(at + 8)), Number(table.readBigUInt64LE(at + 32))), 0);
  }
  return undefined;
}

/** Reads a 64-bit little-endian executable; undefined if it is none. Throws what node:fs throws. */
export function readElf(path: string): ElfNeeds | undefined {
  const fd = openSync(path, "r");
  const read: Read = (at, length) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
  };
  try {
    const header = read(0, 64);
    if (header.length < 64 || !header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    const versions = neededVersions(sections(header, read), read);
    return { loader: loaderOf(header, read), glibc: newestGlibc(versions.join(" ")) };
  } finally {
    closeSync(fd);
  }
}
