import type { Condition } from "../../adapters/datastore.ts";
import type { Cidr } from "../../model/cidr.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import type { Update } from "../../model/update.ts";
import { FLANNEL_FILE } from "./flannel-file.ts";
import { type PoolConfig, type Pools, poolsOf } from "./pools-of.ts";
import { readSmallFile, type SmallFile } from "./small-file.ts";

export interface ReadPoolsOptions {
  readonly config: PoolConfig;
  /** Default: where flannel leaves it. */
  readonly flannelFile?: string;
}

export interface WatchPoolsOptions extends ReadPoolsOptions {
  /** Pools that came, changed or went since `updates` or the last call. */
  readonly changed: (updates: readonly Update[]) => void;
  /** All conditions there are now; at once too, if there are any. */
  readonly conditions: (conditions: readonly Condition[]) => void;
  /** How often the files are looked at. Milliseconds. */
  readonly lookEvery?: number;
  /** How soon again while one of them is being written. Milliseconds. */
  readonly lookAgainIn?: number;
  /** How long that may take. Milliseconds. */
  readonly writingTime?: number;
  /** For tests. */
  readonly read?: typeof readSmallFile;
}

/** The cluster's pools, as settings and files have them. */
export interface PoolWatch extends Disposable {
  /** All of them, as of now. */
  updates(): readonly Update[];
}

const LOOK_EVERY = 2_000;
const LOOK_AGAIN_IN = 100;

interface Files {
  readonly poolFile: SmallFile;
  readonly flannelFile: SmallFile;
}

function isSettled({ poolFile, flannelFile }: Files): boolean {
  return [poolFile, flannelFile].every((file) => file.kind !== "text" || file.settled);
}

/** Whether a file has gone that was there: it may be in the middle of being replaced. */
function hasGone(before: Files, now: Files): boolean {
  return (["poolFile", "flannelFile"] as const).some(
    (which) => before[which].kind === "text" && now[which].kind !== "text",
  );
}

function saidBy({ poolFile, flannelFile }: Files): string {
  return JSON.stringify([poolFile, flannelFile], (key, value: unknown) =>
    key === "settled" ? undefined : value,
  );
}

function difference(before: ReadonlyMap<Cidr, IpPool>, after: ReadonlyMap<Cidr, IpPool>): Update[] {
  const gone = [...before.keys()].filter((cidr) => !after.has(cidr));
  const other = [...after.values()].filter(
    ({ cidr, natOutgoing }) => before.get(cidr)?.natOutgoing !== natOutgoing,
  );
  return [
    ...gone.map((cidr): Update => ({ kind: "pool", cidr, value: undefined })),
    ...other.map((value): Update => ({ kind: "pool", cidr: value.cidr, value })),
  ];
}

function readFiles({
  config,
  flannelFile = FLANNEL_FILE,
  writingTime,
  read = readSmallFile,
}: ReadPoolsOptions & Pick<WatchPoolsOptions, "writingTime" | "read">): Files {
  return {
    poolFile: read(config.poolFile, writingTime),
    flannelFile: read(flannelFile, writingTime),
  };
}

/** The pools of this moment. Never throws. */
export function readPools(options: ReadPoolsOptions): Pools {
  const { config, flannelFile: flannelPath = FLANNEL_FILE } = options;
  return poolsOf({ config, flannelPath, ...readFiles(options) });
}

/**
 * Follows the pools until it is disposed of. It looks instead of being told: either file may come, go and be swapped
 * with its directory, and reading both costs 0.03 ms.
 */
export function watchPools(options: WatchPoolsOptions): PoolWatch {
  const { config, changed, conditions, lookEvery = LOOK_EVERY, lookAgainIn = LOOK_AGAIN_IN } = options;
  const { flannelFile: flannelPath = FLANNEL_FILE } = options;
  const files = readFiles(options);
  let believed = files;
  let said = saidBy(files);
  /** What the last look found and nobody has believed yet. */
  let doubted: string | undefined;
  let known = poolsOf({ config, flannelPath, ...files });
  let timer: ReturnType<typeof setTimeout>;
  // What it finds at the start may be half written: then the next look finds the rest.
  lookIn(isSettled(files) ? lookEvery : lookAgainIn);
  if (known.conditions.length > 0) conditions(known.conditions);

  function lookIn(milliseconds: number): void {
    timer = setTimeout(look, milliseconds);
    timer.unref();
  }

  function look(): void {
    const now = readFiles(options);
    const words = saidBy(now);
    const isNew = words !== doubted;
    doubted = undefined;
    if (words === said) return lookIn(lookEvery);
    if (!isSettled(now)) return lookIn(lookAgainIn);
    if (isNew && hasGone(believed, now)) {
      // Masquerading would end in the middle of connections.
      doubted = words;
      return lookIn(lookEvery);
    }
    [said, believed] = [words, now];
    const before = known;
    known = poolsOf({ config, flannelPath, ...now });
    lookIn(lookEvery);
    const updates = difference(before.pools, known.pools);
    if (updates.length > 0) changed(updates);
    if (!Bun.deepEquals(before.conditions, known.conditions)) conditions(known.conditions);
  }

  return {
    updates: () => difference(new Map(), known.pools),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
