/** One packet that was sent to see what becomes of it. */
export interface Probe {
  /** Milliseconds of the machine's clock, just before it was given to the kernel. */
  readonly sentAt: number;
  arrived: boolean;
}

/** When the verdict on new flows changed: after `lastBefore`, at `first` at the latest. */
export interface Turn {
  /** When the first packet with the new fate was sent. */
  readonly first: number;
  /** When the last packet with the old fate was sent. */
  readonly lastBefore: number;
}

/** Packets in a row that must share the new fate before it counts: one lost packet is no verdict. */
export const CONFIRMED_BY = 5;

/**
 * Since when packets fare as `arrives` says, without an exception up to the last one. Undefined while fewer than five did, and
 * where none fared otherwise before: such a log does not show the change.
 */
export function turnOf(probes: readonly Probe[], arrives: boolean): Turn | undefined {
  const last = probes.findLastIndex(({ arrived }) => arrived !== arrives);
  const [lastBefore, first] = [probes[last], probes[last + 1]];
  if (lastBefore === undefined || first === undefined || probes.length - 1 - last < CONFIRMED_BY)
    return undefined;
  return { first: first.sentAt, lastBefore: lastBefore.sentAt };
}
