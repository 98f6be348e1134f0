import { dlopen, FFIType } from "bun:ffi";

const { i32, i64_fast, ptr, u32, u64_fast } = FFIType;

const { symbols } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  sendto: { args: [i32, ptr, u64_fast, i32, ptr, u32], returns: i64_fast },
  close: { args: [i32], returns: i32 },
});

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Of struct sockaddr_un (unix(7)): the family, then the path. */
const PATH_OFFSET = 2;
const PATH_BYTES = 108;

/** struct sockaddr_un, where `@` begins a name without a file; undefined: the path is too long. */
export function unixAddress(path: string): Uint8Array | undefined {
  const name = new TextEncoder().encode(path);
  if (name.length >= PATH_BYTES) return undefined;
  if (path.startsWith("@")) name[0] = 0;
  // A path ends with a zero byte, a name without a file where the address ends.
  const address = new Uint8Array(PATH_OFFSET + name.length + (path.startsWith("@") ? 0 : 1));
  address[0] = AF_UNIX;
  address.set(name, PATH_OFFSET);
  return address;
}

/** Sends one message to whoever receives at the path, which Bun's sockets cannot. Never waits; says whether it was taken. */
export function sendUnixDatagram(path: string, text: string): boolean {
  const address = unixAddress(path);
  if (address === undefined) return false;
  const fd = symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bytes = new TextEncoder().encode(text);
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const sent = symbols.sendto(fd, bytes, bytes.length, flags, address, address.length);
  symbols.close(fd);
  return Number(sent) === bytes.length;
}
