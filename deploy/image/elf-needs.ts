/** What an executable or a library for 64 bits, little endian, asks the loader for. */
export interface ElfNeeds {
  /** ELF's number: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  /** The loader's path; `undefined` for a library. */
  readonly interpreter: string | undefined;
  /** Names of libraries, for example `libc.so.6`. */
  readonly libraries: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function textAt(content: Uint8Array, offset: number): string {
  return new TextDecoder().decode(content.subarray(offset, content.indexOf(0, offset)));
}

/** `undefined`: it is no such file. The fields' places: System V ABI, chapters 4 and 5, and its ELF-64 formats. */
export function elfNeeds(content: Uint8Array): ElfNeeds | undefined {
  const isElf64 = [0x7f, 0x45, 0x4c, 0x46, 2, 1].every((byte, index) => content[index] === byte);
  if (!isElf64) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const long = (offset: number): number => Number(view.getBigUint64(offset, true));
  const [table, width, count] = [long(32), view.getUint16(54, true), view.getUint16(56, true)];
  const segments: Segment[] = Array.from({ length: count }, (_, index) => {
    const at = table + index * width;
    const type = view.getUint32(at, true);
    return { type, offset: long(at + 8), address: long(at + 16), size: long(at + 32) };
  });
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const names: number[] = [];
  let strings = 0;
  for (let at = dynamic?.offset ?? 0; at < (dynamic?.offset ?? 0) + (dynamic?.size ?? 0); at += 16) {
    const [tag, value] = [long(at), long(at + 8)];
    if (tag === DT_NEEDED) names.push(value);
    if (tag === DT_STRTAB) strings = value;
  }
  // The table of names is given by its address in memory.
  const holder = segments.find(
    ({ type, address, size }) => type === PT_LOAD && address <= strings && strings < address + size,
  );
  const base = holder === undefined ? 0 : strings - holder.address + holder.offset;
  return {
    machine: view.getUint16(18, true),
    interpreter: interpreter && textAt(content, interpreter.offset),
    libraries: names.map((name) => textAt(content, base + name)),
  };
}
