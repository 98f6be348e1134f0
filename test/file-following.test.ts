import { afterEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, open, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Follower, follow } from "../adapters/behaviour.ts";
import { fileDatastore } from "../adapters/file/datastore.ts";

const cleaning: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).toReversed()) await clean();
});

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "tortie-following-"));
  cleaning.push(() => rm(root, { recursive: true, force: true }));
  return root;
}

function start(directory: string, lookEvery?: number): Follower {
  const follower = follow(fileDatastore({ directory, nodeName: "here", lookEvery }));
  cleaning.push(() => follower.stop());
  return follower;
}

const inSync = (follower: Follower) => (): boolean =>
  follower.events.some((event) => event.kind === "inSync");
const names = (follower: Follower): string => [...follower.state.endpoints.keys()].toSorted().join(" ");
const label = (follower: Follower, id: string): string | undefined =>
  [...follower.state.endpoints.values()].find((endpoint) => endpoint.id === id)?.labels["v"];
/** How often an update took anything away. */
const deletions = (follower: Follower): number =>
  follower.events.filter(
    (event) => event.kind === "updates" && event.updates.some((update) => update.value === undefined),
  ).length;
const lastStatus = (follower: Follower): unknown =>
  follower.events.findLast((event) => event.kind === "status");

function podText(name: string, version: string, address = "10.0.0.1"): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: x
  labels: {app: web, v: "${version}"}
  annotations:
    cni.projectcalico.org/podIPs: ${address}/32
spec:
  containers:
    - name: main
      image: web
      ports: [{name: http, containerPort: 80}]
`;
}

const thousand = (version: (index: number) => string): string =>
  Array.from({ length: 1000 }, (_, index) =>
    podText(`pod-${index}`, version(index), `10.0.${index >> 8}.${index & 255}`),
  ).join("---\n");

interface Gap {
  /** Between two ticks of a timer, in milliseconds; other processes count too. */
  readonly wall: number;
  /** What this thread itself worked between two ticks, in milliseconds: the part that no busy machine makes longer. */
  readonly work: number;
}

/** The widest gaps of the event loop until `end` resolves. */
async function widestGap(end: Promise<unknown>): Promise<Gap> {
  let last = { at: performance.now(), worked: process.threadCpuUsage() };
  let widest: Gap = { wall: 0, work: 0 };
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(last.worked);
    const wall = performance.now() - last.at;
    widest = { wall: Math.max(widest.wall, wall), work: Math.max(widest.work, (user + system) / 1000) };
    last = { at: performance.now(), worked: process.threadCpuUsage() };
  };
  const timer = setInterval(look, 1);
  await end;
  look();
  clearInterval(timer);
  return widest;
}

test("1,000 documents in one file: all are read, an edit of one is one update, and the event loop never waits 20 ms", async () => {
  const path = join(await newRoot(), "all.yaml");
  const idle = await widestGap(Bun.sleep(200));
  await writeFile(
    path,
    thousand(() => "1"),
  );
  const follower = start(dirname(path));
  const first = await widestGap(follower.until(inSync(follower)));
  expect(follower.state.endpoints.size).toBe(1000);
  expect(follower.problems).toEqual([]);

  await writeFile(
    path,
    thousand((index) => (index === 500 ? "2" : "1")),
  );
  const edit = await widestGap(follower.until(() => label(follower, "x/pod-500") === "2"));
  const last = follower.events.findLast((event) => event.kind === "updates");
  expect(last?.updates).toMatchObject([{ id: "x/pod-500", value: { labels: { v: "2" } } }]);

  const shown = ({ wall, work }: Gap): string =>
    `${wall.toFixed(1)} ms, of it own work ${work.toFixed(1)} ms`;
  process.stdout.write(
    "widest gap of the event loop:\n" +
      `  first reading of 1,000 documents: ${shown(first)}\n  edit of one: ${shown(edit)}\n  nothing to do: ${shown(idle)}\n`,
  );
  expect(Math.max(first.work, edit.work)).toBeLessThan(20);
}, 30_000);

test("a ConfigMap's symlink swap: the new version replaces the old one in one event", async () => {
  const directory = await newRoot();
  const publish = async (version: string): Promise<void> => {
    await mkdir(join(directory, `..${version}`));
    await writeFile(join(directory, `..${version}`, "p.yaml"), podText("a", version));
    await symlink(`..${version}`, join(directory, "..data_tmp"));
    await rename(join(directory, "..data_tmp"), join(directory, "..data"));
  };
  await publish("v1");
  await symlink("..data/p.yaml", join(directory, "p.yaml"));
  const follower = start(directory);
  await follower.until(() => label(follower, "x/a") === "v1");
  await publish("v2");
  await rm(join(directory, "..v1"), { recursive: true });
  await follower.until(() => label(follower, "x/a") === "v2");
  expect(deletions(follower)).toBe(0);
  expect(follower.problems).toEqual([]);
});

/** Ways of saving a file over itself. */
const saves: readonly (readonly [string, (path: string, text: string) => Promise<void>])[] = [
  [
    "renames a new file over it",
    async (path, text) => {
      await writeFile(`${path}.tmp~`, text);
      await rename(`${path}.tmp~`, path);
    },
  ],
  [
    "truncates it and writes in two steps",
    async (path, text) => {
      await using file = await open(path, "w");
      await Bun.sleep(30);
      await file.write(text.slice(0, 60));
      await file.sync();
      await Bun.sleep(5);
      await file.write(text.slice(60));
    },
  ],
  [
    "saves as vim does",
    async (path, text) => {
      const probe = join(path, "..", "4913");
      await writeFile(probe, "");
      await unlink(probe);
      await rename(path, `${path}~`);
      await Bun.sleep(30);
      await writeFile(path, text);
      await unlink(`${path}~`);
    },
  ],
];

test.each(saves)("an editor that %s: the new text counts, and meanwhile the old", async (_, save) => {
  const directory = await newRoot();
  const path = join(directory, "a.yaml");
  await writeFile(path, podText("a", "1"));
  const follower = start(directory);
  await follower.until(inSync(follower));
  for (const version of ["2", "3", "4"]) {
    await save(path, podText("a", version));
    await follower.until(() => label(follower, "x/a") === version);
  }
  expect(deletions(follower)).toBe(0);
  expect(follower.problems).toEqual([]);
});

test("a directory that is deleted and made again: what is known stays, then the new state counts", async () => {
  const directory = join(await newRoot(), "manifests");
  const follower = start(directory);
  await follower.until(() => follower.events.length > 0);
  expect(lastStatus(follower)).toEqual({
    kind: "status",
    status: {
      kind: "waiting",
      for: `the directory ${directory}, which does not exist`,
      next: "create it, with the manifests in it",
    },
  });
  await mkdir(directory);
  await writeFile(join(directory, "a.yaml"), podText("a", "1"));
  await follower.until(() => names(follower) === "x/a");

  await rm(directory, { recursive: true });
  await follower.until(() => JSON.stringify(lastStatus(follower)).includes("stale"));
  expect(lastStatus(follower)).toMatchObject({
    status: {
      because: `the directory ${directory} does not exist`,
      next: "create it, with the manifests in it",
    },
  });
  expect(names(follower)).toBe("x/a");

  await mkdir(directory);
  await writeFile(join(directory, "b.yaml"), podText("b", "1"));
  await follower.until(() => names(follower) === "x/b");
  expect(lastStatus(follower)).toEqual({ kind: "status", status: { kind: "connected" } });

  // The watcher listens to the new directory, not to the old one's memory.
  await writeFile(join(directory, "c.yaml"), podText("c", "1"));
  await follower.until(() => names(follower) === "x/b x/c");
});

test("a directory that another one replaces by renames is followed", async () => {
  const root = await newRoot();
  const directory = join(root, "manifests");
  await mkdir(directory);
  await writeFile(join(directory, "a.yaml"), podText("a", "1"));
  const follower = start(directory);
  await follower.until(inSync(follower));
  await mkdir(join(root, "next"));
  await writeFile(join(root, "next", "b.yaml"), podText("b", "1"));
  await rename(directory, join(root, "old"));
  await rename(join(root, "next"), directory);
  await follower.until(() => names(follower) === "x/b");
  await writeFile(join(directory, "b.yaml"), podText("c", "1"));
  await follower.until(() => names(follower) === "x/c");
});

test("what a link points to, outside the directory, is noticed without any event", async () => {
  const root = await newRoot();
  const directory = join(root, "manifests");
  await mkdir(directory);
  await writeFile(join(root, "outside.yaml"), podText("a", "1"));
  await symlink("../outside.yaml", join(directory, "a.yaml"));
  const follower = start(directory, 50);
  await follower.until(() => label(follower, "x/a") === "1");
  await writeFile(join(root, "outside.yaml"), podText("a", "2"));
  await follower.until(() => label(follower, "x/a") === "2");
});
