/**
 * Cuts the bytes of a body into records as they arrive. Pulled: one record is read, parsed and dropped before the next.
 *
 * @throws MalformedError from every function, where the bytes are no such body.
 */
export interface Records<End> {
  /** The next bytes; only after `take` said that there is nothing left of the last ones. */
  feed(bytes: Uint8Array): void;
  /** The next record, parsed; undefined: the rest has to arrive first. */
  take(): unknown;
  /** The body is over: what it said beside its records. */
  end(): End;
}

/** More than any object of a cluster (etcd takes 1.5 MB), and few enough to wait for in vain. */
export const LONGEST_RECORD: number = 16 * 1024 * 1024;
