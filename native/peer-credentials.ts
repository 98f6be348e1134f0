import { dlopen, FFIType } from "bun:ffi";
import { lastErrno } from "./errno.ts";
import { SystemCallError } from "./system-call-error.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** The layout of struct ucred: process, user, group. */
const UCRED_BYTES = 12;

const { i32, ptr } = FFIType;
const {
  symbols: { getsockopt },
} = dlopen("libc.so.6", { getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 } });

/** Who is at the other end of a unix socket; as it was when it connected. */
export interface PeerCredentials {
  readonly uid: number;
  readonly gid: number;
  /** 0: a process that this one's process namespace does not show. */
  readonly pid: number;
}

/** `fd`: a connected unix socket. Throws SystemCallError. */
export function peerCredentials(fd: number): PeerCredentials {
  const answer = new Uint32Array(UCRED_BYTES / 4);
  const length = new Uint32Array([UCRED_BYTES]);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, answer, length) !== 0)
    throw new SystemCallError("ask who is at the other end of a socket", lastErrno());
  const [pid = 0, uid = 0, gid = 0] = answer;
  return { uid, gid, pid };
}
