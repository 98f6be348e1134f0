/** Symbol and glibc's words for what socket calls and nf_tables return (errno(3)). */
const ERRORS: readonly (readonly [number, string, string])[] = [
  [1, "EPERM", "Operation not permitted"],
  [2, "ENOENT", "No such file or directory"],
  [4, "EINTR", "Interrupted system call"],
  [5, "EIO", "Input/output error"],
  [7, "E2BIG", "Argument list too long"],
  [9, "EBADF", "Bad file descriptor"],
  [11, "EAGAIN", "Resource temporarily unavailable"],
  [12, "ENOMEM", "Cannot allocate memory"],
  [13, "EACCES", "Permission denied"],
  [14, "EFAULT", "Bad address"],
  [16, "EBUSY", "Device or resource busy"],
  [17, "EEXIST", "File exists"],
  [19, "ENODEV", "No such device"],
  [22, "EINVAL", "Invalid argument"],
  [23, "ENFILE", "Too many open files in system"],
  [24, "EMFILE", "Too many open files"],
  [28, "ENOSPC", "No space left on device"],
  [31, "EMLINK", "Too many links"],
  [34, "ERANGE", "Numerical result out of range"],
  [36, "ENAMETOOLONG", "File name too long"],
  [39, "ENOTEMPTY", "Directory not empty"],
  [40, "ELOOP", "Too many levels of symbolic links"],
  [61, "ENODATA", "No data available"],
  [71, "EPROTO", "Protocol error"],
  [75, "EOVERFLOW", "Value too large for defined data type"],
  [85, "ERESTART", "Interrupted system call should be restarted"],
  [90, "EMSGSIZE", "Message too long"],
  [93, "EPROTONOSUPPORT", "Protocol not supported"],
  [95, "EOPNOTSUPP", "Operation not supported"],
  [97, "EAFNOSUPPORT", "Address family not supported by protocol"],
  [98, "EADDRINUSE", "Address already in use"],
  [105, "ENOBUFS", "No buffer space available"],
  [110, "ETIMEDOUT", "Connection timed out"],
  [111, "ECONNREFUSED", "Connection refused"],
];

const BY_NUMBER: ReadonlyMap<number, readonly [string, string]> = new Map(
  ERRORS.map(([number, symbol, text]) => [number, [symbol, text]]),
);
const BY_TEXT: ReadonlyMap<string, string> = new Map(ERRORS.map(([, symbol, text]) => [text, symbol]));

/** For example `ENOENT`; `E` and the number for one that is not in the table. */
export function errnoSymbol(errno: number): string {
  return BY_NUMBER.get(errno)?.[0] ?? `E${errno}`;
}

/** For example `No such file or directory`. */
export function errnoText(errno: number): string {
  return BY_NUMBER.get(errno)?.[1] ?? `error ${errno}`;
}

/** The symbol behind glibc's words in the C locale; undefined for any other text. */
export function errnoSymbolOfText(text: string): string | undefined {
  return BY_TEXT.get(text);
}
