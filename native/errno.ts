import { dlopen, FFIType, read } from "bun:ffi";

const {
  symbols: { __errno_location: errnoLocation },
} = dlopen("libc.so.6", { __errno_location: { args: [], returns: FFIType.ptr } });

/** Why the last libc call of this thread failed; read it before anything else is called. */
export function lastErrno(): number {
  const location = errnoLocation();
  return location === null ? 0 : read.i32(location, 0);
}
