import { type Address, addressBytes, addressFamily } from "../../../model/address.ts";
import { ICMP, ICMPV6 } from "../../../model/protocol.ts";
import { encodeSocketAddress } from "../../../native/socket-address.ts";

/** Whom one sends to, and the number that its packets are known by: port of UDP and TCP, identifier of ICMP. */
export interface SenderPlan {
  readonly targets: readonly Address[];
  readonly mark: number;
}

/** So many rounds as fast as it can; about 10 ms for each hundred, where there are six targets. */
const TIGHT_ROUNDS = 300;
const PAUSE_NANOSECONDS = 1_000_000;

const BASE = 0x400000;
const HEADERS = 64 + 56;
/** Room for the instructions. */
const CODE = 256;
const PAUSE_AT = BASE + HEADERS + CODE;
const TABLE_AT = PAUSE_AT + 16;
/** Of one packet: domain, type and protocol of its socket; at 16 the address; at 48 the first 8 bytes. */
const ENTRY = 64;
const SOCKET_ADDRESS = 28;
const DATAGRAM = 2;
const RAW = 3;
const STREAM_NONBLOCK = 1 | 0o4000;

const word = (value: number): number[] => [...new Uint8Array(new Uint32Array([value]).buffer)];

/** Of x86-64, for Linux. With any argument it goes on, after its tight rounds with a pause before each. */
function instructions(entries: number): number[] {
  const begin = [
    [0x41, 0xbc, ...word(TIGHT_ROUNDS)], // mov r12d, TIGHT_ROUNDS
    [0x45, 0x31, 0xff], // xor r15d, r15d
    [0x83, 0x3c, 0x24, 0x01], // cmp dword [rsp], 1: the number of arguments
    [0x41, 0x0f, 0x95, 0xc7], // setne r15b
  ].flat();
  const round = [
    [0x41, 0xbd, ...word(TABLE_AT)], // mov r13d, TABLE_AT
    [0x41, 0xbe, ...word(entries)], // mov r14d, entries
  ].flat();
  const entry = [
    [0x41, 0x8b, 0x7d, 0x00], // mov edi, [r13]
    [0x41, 0x8b, 0x75, 0x04], // mov esi, [r13+4]
    [0x41, 0x8b, 0x55, 0x08], // mov edx, [r13+8]
    [0xb8, ...word(41), 0x0f, 0x05], // socket
    [0x89, 0xc5], // mov ebp, eax
    [0x89, 0xef], // mov edi, ebp
    [0x49, 0x8d, 0x75, 0x10], // lea rsi, [r13+16]
    [0xba, ...word(SOCKET_ADDRESS)], // mov edx, SOCKET_ADDRESS
    [0xb8, ...word(42), 0x0f, 0x05], // connect: the SYN of TCP
    [0x89, 0xef], // mov edi, ebp
    [0x49, 0x8d, 0x75, 0x30], // lea rsi, [r13+48]
    [0xba, ...word(8)], // mov edx, 8
    [0x41, 0xba, ...word(0x4000)], // mov r10d, MSG_NOSIGNAL
    [0x45, 0x31, 0xc0], // xor r8d, r8d
    [0x45, 0x31, 0xc9], // xor r9d, r9d
    [0xb8, ...word(44), 0x0f, 0x05], // sendto: the packet of the others
    [0x89, 0xef], // mov edi, ebp
    [0xb8, ...word(3), 0x0f, 0x05], // close
    [0x49, 0x83, 0xc5, ENTRY], // add r13, ENTRY
    [0x41, 0xff, 0xce], // dec r14d
  ].flat();
  const nextEntry = [0x0f, 0x85, ...word(-(entry.length + 6))]; // jnz entry
  const body = [...round, ...entry, ...nextEntry, 0x41, 0xff, 0xcc]; // dec r12d
  const nextRound = [0x0f, 0x85, ...word(-(body.length + 6))]; // jnz round
  const more = [
    [0xbf, ...word(PAUSE_AT)], // mov edi, PAUSE_AT
    [0x31, 0xf6], // xor esi, esi
    [0xb8, ...word(35), 0x0f, 0x05], // nanosleep
    [0x41, 0xbc, ...word(1)], // mov r12d, 1
  ].flat();
  const ending = [0x45, 0x85, 0xff, 0x74, more.length + 5]; // test r15d, r15d; jz end
  const before = body.length + nextRound.length + ending.length + more.length;
  const again = [0xe9, ...word(-(before + 5))]; // jmp round
  const end = [0x31, 0xff, 0xb8, ...word(60), 0x0f, 0x05]; // exit(0)
  return [...begin, ...body, ...nextRound, ...ending, ...more, ...again, ...end];
}

/** The kernel fills in the checksum of ICMPv6. */
function echoRequest(type: number, mark: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint16(4, mark);
  const sum = (type << 8) + mark;
  view.setUint16(2, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
  return bytes;
}

function entriesFor(target: Address, mark: number): Uint8Array[] {
  const isIPv4 = addressFamily(target) === 4;
  const echo = isIPv4 ? echoRequest(8, mark) : echoRequest(128, mark);
  const kinds = [
    { type: DATAGRAM, protocol: 0, port: mark, payload: echo },
    { type: STREAM_NONBLOCK, protocol: 0, port: mark, payload: echo },
    { type: RAW, protocol: isIPv4 ? ICMP : ICMPV6, port: 0, payload: echo },
  ];
  return kinds.map(({ type, protocol, port, payload }) => {
    const bytes = new Uint8Array(ENTRY);
    bytes.set([...word(isIPv4 ? 2 : 10), ...word(type), ...word(protocol)]);
    bytes.set(encodeSocketAddress({ address: addressBytes(target), port }), 16);
    bytes.set(payload, 48);
    return bytes;
  });
}

/** ELF64 with one segment, which is read and run. */
function headers(size: number): Uint8Array {
  const bytes = new Uint8Array(HEADERS);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, 62, true); // EM_X86_64
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(BASE + HEADERS), true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // PT_LOAD
  view.setUint32(68, 5, true); // read and run
  view.setBigUint64(80, BigInt(BASE), true);
  view.setBigUint64(88, BigInt(BASE), true);
  view.setBigUint64(96, BigInt(size), true);
  view.setBigUint64(104, BigInt(size), true);
  view.setBigUint64(112, 4096n, true);
  return bytes;
}

/**
 * A program whose first instructions send: no loader, no libc, no shell before it. To each target a UDP packet, a SYN
 * from a new port, and an echo request, round after round. Without an argument it ends after the tight rounds.
 */
export function senderProgram({ targets, mark }: SenderPlan): Uint8Array {
  if (process.arch !== "x64") throw new Error(`the sender is written for x64 alone, this is ${process.arch}`);
  const entries = targets.flatMap((target) => entriesFor(target, mark));
  const code = new Uint8Array(CODE);
  code.set(instructions(entries.length));
  const pause = new BigUint64Array([0n, BigInt(PAUSE_NANOSECONDS)]);
  const size = HEADERS + CODE + 16 + entries.length * ENTRY;
  return new Uint8Array(Buffer.concat([headers(size), code, new Uint8Array(pause.buffer), ...entries]));
}
