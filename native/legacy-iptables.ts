import { dlopen, FFIType } from "bun:ffi";
import { readFileSync } from "node:fs";
import { lastErrno } from "./errno.ts";
import { closeDescriptor } from "./libc.ts";
import { SystemCallError } from "./system-call-error.ts";
import { attributeString } from "./netlink-messages.ts";

const { i32, ptr } = FFIType;
const { symbols } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
});

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const GET_INFO = 64;
const GET_ENTRIES = 65;
const EAGAIN = 11;
const TABLE_NAME = 32;
const INFO = { bytes: 84, entries: 76, size: 80 } as const;
/** Of struct ipt_get_entries: a name, a size, and the entries aligned to 8. */
const ENTRIES_HEADER = 40;
const TARGET_HEADER = 32;
const ATTEMPTS = 5;

/** What differs between the two families: numbers for getsockopt, and where struct ipt_entry has its offsets. */
const FAMILIES = {
  ip: { domain: 2, level: 0, names: "ip_tables_names", targetOffset: 88 },
  ip6: { domain: 10, level: 41, names: "ip6_tables_names", targetOffset: 140 },
} as const;

export type LegacyFamily = keyof typeof FAMILIES;

/** The names of a table's own chains that a rule jumps to, from the blob of getsockopt(IPT_SO_GET_ENTRIES). */
export function jumpedChains(entries: Uint8Array, family: LegacyFamily): ReadonlySet<string> {
  const { targetOffset } = FAMILIES[family];
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  const chains = new Map<number, string>();
  const jumps = new Set<number>();
  for (let at = 0; at + targetOffset + 4 <= entries.length;) {
    const target = at + view.getUint16(at + targetOffset, true);
    const next = at + view.getUint16(at + targetOffset + 2, true);
    if (next <= at || next > entries.length || target + TARGET_HEADER + 4 > next) break;
    const name = attributeString(entries.subarray(target + 2, target + TARGET_HEADER - 1));
    const data = target + TARGET_HEADER;
    // A chain begins with a rule that never matches and holds its name; a jump's verdict is where the chain's rules begin.
    if (name === "ERROR") chains.set(next, attributeString(entries.subarray(data, next)) ?? "");
    else if (name === "") jumps.add(view.getInt32(data, true));
    at = next;
  }
  return new Set([...chains].filter(([at]) => jumps.has(at)).map(([, chain]) => chain));
}

function option(fd: number, level: number, name: number, bytes: Uint8Array): number {
  const result = symbols.getsockopt(fd, level, name, bytes, new Uint32Array([bytes.length]));
  return result < 0 ? lastErrno() : 0;
}

function named(table: string, bytes: number): Uint8Array {
  const request = new Uint8Array(bytes);
  request.set(new TextEncoder().encode(table).subarray(0, TABLE_NAME - 1));
  return request;
}

/** Tables of iptables' old kind, of this thread's network namespace. Asking the kernel for one that is not there would make it. */
function tableExists(family: LegacyFamily, table: string): boolean {
  try {
    const path = `/proc/thread-self/net/${FAMILIES[family].names}`;
    return readFileSync(path, "utf8").split("\n").includes(table);
  } catch {
    return false;
  }
}

/** Reads one table of iptables' old kind, which nftables does not show; again only when its size changed. */
export class LegacyIptables {
  readonly #family: LegacyFamily;
  readonly #table: string;
  #seen = "";
  #chains: ReadonlySet<string> = new Set();

  constructor(family: LegacyFamily, table: string) {
    this.#family = family;
    this.#table = table;
  }

  /** The names of its own chains that a rule jumps to; empty without the table. Throws SystemCallError. */
  jumpedChains(): ReadonlySet<string> {
    if (!tableExists(this.#family, this.#table)) return new Set();
    const { domain } = FAMILIES[this.#family];
    const fd = symbols.socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new SystemCallError("open a socket for iptables", lastErrno());
    try {
      return this.#read(fd);
    } finally {
      closeDescriptor(fd);
    }
  }

  #read(fd: number): ReadonlySet<string> {
    const { level } = FAMILIES[this.#family];
    const tried = `read table ${this.#table} of iptables`;
    for (let attempt = 0; ; attempt++) {
      const info = named(this.#table, INFO.bytes);
      const unknown = option(fd, level, GET_INFO, info);
      if (unknown !== 0) throw new SystemCallError(tried, unknown);
      const view = new DataView(info.buffer);
      const size = view.getUint32(INFO.size, true);
      const seen = `${view.getUint32(INFO.entries, true)} ${size}`;
      if (seen === this.#seen) return this.#chains;
      const entries = named(this.#table, ENTRIES_HEADER + size);
      new DataView(entries.buffer).setUint32(TABLE_NAME, size, true);
      const refused = option(fd, level, GET_ENTRIES, entries);
      if (refused === 0) {
        this.#chains = jumpedChains(entries.subarray(ENTRIES_HEADER), this.#family);
        this.#seen = seen;
        return this.#chains;
      }
      // Somebody changed the table in between.
      if (refused !== EAGAIN || attempt >= ATTEMPTS) throw new SystemCallError(tried, refused);
    }
  }
}
