/** Every duration of list and watch, in milliseconds, and its dice. */
export interface Pace {
  /** 0 up to 1, as Math.random. */
  readonly random: () => number;
  /** timeoutSeconds of a watch is drawn between these two, in seconds. */
  readonly watchSeconds: readonly [number, number];
  /** When a watch that the server should have ended is ended here. */
  readonly longestWatch: number;
  /** How long a request waits for its answer's head, and a list for its next bytes. */
  readonly longestAnswer: number;
  /** How long a streaming list may say nothing before an ordinary list is asked. */
  readonly streamingPatience: number;
  /** The first wait after a failure is random up to this; each further one up to twice as long. */
  readonly firstBackOff: number;
  readonly longestBackOff: number;
  /** A watch that lived so long was no failure: the back-off begins anew. */
  readonly steady: number;
  /** A watch that ends sooner, and without a word, counts as a failure. */
  readonly shortWatch: number;
  /** After a disconnect lists wait random up to this, so that a cluster of agents does not ask at once. */
  readonly relistSpread: number;
  /** A server that says so is left alone at most so long. */
  readonly longestRetryAfter: number;
  /** Silence after which the server is probed, how often, how long an answer may take. */
  readonly silence: number;
  readonly probeEvery: number;
  readonly longestProbe: number;
  /** Silence after which a watch that gets bookmarks is made anew (quiet ones get one every 121 s, measured). */
  readonly bookmarkSilence: number;
  /** How often the version of a silent watch without bookmarks is checked. */
  readonly versionCheckEvery: number;
  /** Longest run of work before timers, sockets and health probes get their turn. */
  readonly step: number;
}

export const REAL_PACE: Pace = {
  random: Math.random,
  watchSeconds: [300, 600],
  longestWatch: 660_000,
  longestAnswer: 60_000,
  streamingPatience: 10_000,
  firstBackOff: 1000,
  longestBackOff: 30_000,
  steady: 10_000,
  shortWatch: 1000,
  relistSpread: 30_000,
  longestRetryAfter: 300_000,
  silence: 10_000,
  probeEvery: 10_000,
  longestProbe: 3000,
  bookmarkSilence: 150_000,
  versionCheckEvery: 180_000,
  step: 4,
};
