import { afterEach, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Condition } from "../../adapters/datastore.ts";
import type { Cidr } from "../../model/cidr.ts";
import { emptyClusterState, fold, type MutableClusterState } from "../../model/update.ts";
import { type PoolWatch, readPools, watchPools, type WatchPoolsOptions } from "./ip-pools.ts";
import type { PoolConfig } from "./pools-of.ts";
import type { SmallFile } from "./small-file.ts";
import { until } from "../test-parts.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Files are put in place whole, unless a test writes them bit by bit. */
interface Scene extends Disposable {
  readonly directory: string;
  readonly poolFile: string;
  readonly flannelFile: string;
  readonly state: MutableClusterState;
  readonly watch: PoolWatch;
  readonly told: { updates: number; conditions: readonly Condition[] };
  put(path: string, text: string): void;
  pools(): string[];
}

function pool(cidr: string, natOutgoing = true): string {
  return `apiVersion: v1\nkind: ipPool\nmetadata: { cidr: "${cidr}" }\nspec: { nat-outgoing: ${natOutgoing} }\n---\n`;
}

function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function scene(
  files: { pool?: string; flannel?: string } = {},
  config: Partial<PoolConfig> = {},
  options: Pick<WatchPoolsOptions, "writingTime" | "read"> = {},
): Scene {
  const directory = mkdtempSync(join(tmpdir(), "tortie-pools-"));
  directories.push(directory);
  const [poolFile, flannelFile] = [join(directory, "ippool.yaml"), join(directory, "subnet.env")];
  if (files.pool !== undefined) put(poolFile, files.pool);
  if (files.flannel !== undefined) put(flannelFile, files.flannel);
  const state = emptyClusterState();
  const told: Scene["told"] = { updates: 0, conditions: [] };
  const watch = watchPools({
    config: {
      ipv4Pool: undefined,
      ipv4PoolNatOutgoing: true,
      ipv6Pool: undefined,
      ipv6PoolNatOutgoing: false,
      poolFile,
      ...config,
    },
    flannelFile,
    lookEvery: 2,
    lookAgainIn: 1,
    ...options,
    changed(updates) {
      told.updates++;
      for (const update of updates) fold(state, update);
    },
    conditions: (now) => (told.conditions = now),
  });
  for (const update of watch.updates()) fold(state, update);
  return {
    directory,
    poolFile,
    flannelFile,
    state,
    watch,
    told,
    put,
    pools: () =>
      [...state.pools.values()]
        .map(({ cidr, natOutgoing }) => `${cidr}${natOutgoing ? " masqueraded" : ""}`)
        .toSorted(),
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

test("what is there at the start is known at once", () => {
  using now = scene({ pool: pool("10.0.0.0/8") }, { ipv6Pool: "fd00::/48" as Cidr });
  expect(now.pools()).toEqual(["10.0.0.0/8 masqueraded", "fd00::/48"]);
  expect(now.told).toEqual({ updates: 0, conditions: [] });
});

test("the file comes later, changes, and goes; each change is told once", async () => {
  using now = scene();
  expect(now.watch.updates()).toEqual([]);
  expect(now.told.conditions[0]?.text).toStartWith(`${now.poolFile} (TORTIE_IPPOOLFILE) does not exist`);
  now.put(now.poolFile, pool("10.0.0.0/8") + pool("10.9.0.0/16", false));
  await until(() => now.told.updates === 1);
  expect(now.pools()).toEqual(["10.0.0.0/8 masqueraded", "10.9.0.0/16"]);
  expect(now.told.conditions).toEqual([]);
  now.put(now.poolFile, pool("10.0.0.0/8") + pool("10.9.0.0/16", true));
  await until(() => now.told.updates === 2);
  expect(now.pools()).toEqual(["10.0.0.0/8 masqueraded", "10.9.0.0/16 masqueraded"]);
  now.put(now.poolFile, `# the same\n${pool("10.9.0.0/16", true)}`);
  await until(() => now.told.updates === 3);
  expect(now.pools()).toEqual(["10.9.0.0/16 masqueraded"]);
  expect(now.watch.updates()).toHaveLength(1);
  rmSync(now.poolFile);
  await until(() => now.told.updates === 4);
  expect(now.pools()).toEqual([]);
});

test("flannel says later that it masquerades, and stops", async () => {
  using now = scene({ pool: pool("10.244.0.0/16") });
  now.put(now.flannelFile, "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_IPMASQ=true\n");
  await until(() => now.told.updates === 1);
  expect(now.pools()).toEqual(["10.244.0.0/16"]);
  expect(now.told.conditions[0]?.text).toStartWith("flannel masquerades what pool 10.244.0.0/16 sends");
  now.put(now.flannelFile, "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_IPMASQ=false\n");
  await until(() => now.told.updates === 2);
  expect(now.pools()).toEqual(["10.244.0.0/16 masqueraded"]);
  await until(() => now.told.conditions.length === 0);
});

test("a ConfigMap's directory is swapped below the file", async () => {
  using now = scene({}, {});
  for (const [name, cidr] of [
    ["first", "10.1.0.0/16"],
    ["second", "10.2.0.0/16"],
  ] as const) {
    mkdirSync(join(now.directory, name));
    writeFileSync(join(now.directory, name, "ippool.yaml"), pool(cidr));
  }
  symlinkSync("first", join(now.directory, "..data"));
  symlinkSync("..data/ippool.yaml", now.poolFile);
  await until(() => now.pools().includes("10.1.0.0/16 masqueraded"));
  symlinkSync("second", join(now.directory, "..next"));
  renameSync(join(now.directory, "..next"), join(now.directory, "..data"));
  await until(() => now.pools().includes("10.2.0.0/16 masqueraded"));
  expect(now.pools()).toEqual(["10.2.0.0/16 masqueraded"]);
});

test("a file that is written bit by bit is waited for", async () => {
  using now = scene({ pool: pool("10.0.0.0/8") }, {}, { writingTime: 3_600_000 });
  writeFileSync(now.poolFile, "");
  // However many looks fall between these two writes, none may take what it sees for the whole.
  await Bun.sleep(10);
  writeFileSync(now.poolFile, pool("10.0.0.0/8") + pool("10.9.0.0/16"));
  const longAgo = new Date(Date.now() - 7_200_000);
  utimesSync(now.poolFile, longAgo, longAgo);
  await until(() => now.told.updates === 1);
  expect(now.pools()).toEqual(["10.0.0.0/8 masqueraded", "10.9.0.0/16 masqueraded"]);
});

test.each([
  ["a directory", (path: string) => mkdirSync(path), "it is no regular file"],
  ["a pipe", (path: string) => void Bun.spawnSync(["mkfifo", path]), "it is no regular file"],
  ["a link in a circle", (path: string) => symlinkSync(path, path), "ELOOP"],
  [
    "too large",
    (path: string) => writeFileSync(path, "#".repeat(2 ** 20 + 1)),
    "it is larger than 1048576 bytes",
  ],
])("%s in its place is told, and the settings still count", (_, make, because) => {
  const empty = scene();
  empty[Symbol.dispose]();
  make(empty.poolFile);
  using now = scene({}, { poolFile: empty.poolFile, ipv4Pool: "10.0.0.0/8" as Cidr });
  expect(now.pools()).toEqual(["10.0.0.0/8 masqueraded"]);
  expect(now.told.conditions[0]?.text).toContain(`cannot be read: ${because}`);
});

test.each<SmallFile>([{ kind: "missing" }, { kind: "unreadable", because: "EIO" }])(
  "a file that is %j is believed to be so once two looks in a row say it",
  async (gone) => {
    const there: SmallFile = { kind: "text", text: pool("10.0.0.0/8"), settled: true };
    const other: SmallFile = { ...gone, kind: "unreadable", because: "EACCES" };
    // The first is the start's.
    const looks = [there, gone, there, gone, other, other];
    let pools: () => string[] = () => [];
    const before: string[][] = [];
    using now = scene(
      {},
      {},
      {
        read: (path) => {
          if (!path.endsWith("ippool.yaml")) return { kind: "missing" };
          before.push(pools());
          return looks.shift() ?? other;
        },
      },
    );
    pools = () => now.pools();
    await until(() => now.told.updates === 1);
    expect(now.pools()).toEqual([]);
    expect(before.slice(1)).toEqual(Array.from({ length: 5 }, () => ["10.0.0.0/8 masqueraded"]));
  },
);

test("after its end nothing is told any more", async () => {
  using now = scene({ pool: pool("10.0.0.0/8") });
  now.watch[Symbol.dispose]();
  rmSync(now.poolFile);
  await Bun.sleep(20);
  expect(now.told).toEqual({ updates: 0, conditions: [] });
});

test("one look for those who only ask", () => {
  using now = scene({
    pool: pool("10.244.0.0/16"),
    flannel: "FLANNEL_NETWORK=10.0.0.0/8\nFLANNEL_IPMASQ=true",
  });
  chmodSync(now.poolFile, 0o444);
  const { poolFile, flannelFile } = now;
  const config: PoolConfig = {
    ipv4Pool: undefined,
    ipv4PoolNatOutgoing: true,
    ipv6Pool: undefined,
    ipv6PoolNatOutgoing: false,
    poolFile,
  };
  const { pools, conditions } = readPools({ config, flannelFile });
  expect([...pools.values()]).toEqual([{ cidr: "10.244.0.0/16" as Cidr, natOutgoing: false }]);
  expect(conditions).toHaveLength(1);
});
