import { afterEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problemText } from "../../model/problem.ts";
import { follow, type Follower, namespace, networkPolicy, pod } from "../behaviour.ts";
import { fileDatastore } from "./datastore.ts";
import { createManifests, type Look, type Manifests } from "./manifests.ts";

const cleaning: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).toReversed()) await clean();
});

async function newDirectory(files: Record<string, unknown> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tortie-manifests-"));
  cleaning.push(() => rm(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return directory;
}

type Read = Extract<Look, { kind: "read" }>;

/** Looks until the directory counts as settled. */
async function settle(manifests: Manifests): Promise<Read & { looks: number; lines: string[] }> {
  for (let looks = 1; ; looks++) {
    const look = await manifests.look(() => false);
    if (look.kind === "read") return { ...look, looks, lines: look.problems.map(problemText) };
  }
}

function start(directory: string): Follower {
  const follower = follow(fileDatastore({ directory, lookEvery: 50 }));
  cleaning.push(() => follower.stop());
  return follower;
}

test("what is no manifest is named, what nobody means as one is passed over", async () => {
  const directory = await newDirectory({
    "a.yaml": pod("a", "10.0.0.1"),
    "b.yml": pod("b", "10.0.0.2"),
    "c.json": pod("c", "10.0.0.3"),
    "README.md": "text",
    ".hidden.yaml": pod("h", "10.0.0.4"),
    "a.yaml~": pod("h", "10.0.0.4"),
    "4913": "",
  });
  await mkdir(join(directory, "more"));
  const { state, lines, unread } = await settle(createManifests(directory, undefined));
  expect([...state.endpoints.keys()].map(String)).toEqual(["x/a", "x/b", "x/c"]);
  expect(lines).toEqual([
    "README.md: not read: its name ends in none of .yaml, .yml and .json; nothing in it counts",
    "more: not read: it is a directory; nothing in it counts",
  ]);
  expect(unread).toEqual([]);
});

test("of two documents that name one object the later counts, by file name and then by place", async () => {
  const one = JSON.stringify(pod("a", "10.0.0.1"));
  const two = JSON.stringify(pod("a", "10.0.0.2"));
  const directory = await newDirectory({ "b.yaml": one, "a.yaml": `${one}\n---\n${two}` });
  const { state, lines } = await settle(createManifests(directory, undefined));
  expect([...state.endpoints.values()]).toMatchObject([{ addresses: ["10.0.0.1"] }]);
  expect(lines).toEqual([
    "a.yaml, document 1 (Pod x/a): the same object is in a.yaml, document 2 again; the later one counts",
    "a.yaml, document 2 (Pod x/a): the same object is in b.yaml, document 1 again; the later one counts",
  ]);
});

test("a file that cannot be read any more: its policies close, its namespaces match nothing, its pods are gone", async () => {
  const items = [
    namespace("x", { team: "red" }),
    pod("a", "10.0.0.1"),
    networkPolicy("web", { podSelector: { matchLabels: { app: "web" } }, ingress: [{}] }),
  ];
  const directory = await newDirectory({ "a.yaml": { kind: "List", items }, "b.yaml": pod("b", "10.0.0.2") });
  const manifests = createManifests(directory, undefined);
  await settle(manifests);
  await rm(join(directory, "a.yaml"));
  await mkdir(join(directory, "a.yaml"));
  const closed = await settle(manifests);
  expect([...closed.state.endpoints.keys()].map(String)).toEqual(["x/b"]);
  expect(closed.state.namespaces.get("x")).toMatchObject({ unreadable: true });
  expect([...closed.state.policies.values()]).toMatchObject([
    {
      id: "NetworkPolicy/x/web",
      subjects: { endpoints: { kind: "in", key: "app", values: ["web"] } },
      directions: ["ingress", "egress"],
      ingress: [],
      egress: [],
    } as never,
  ]);
  expect(closed.lines).toEqual([
    "a.yaml: cannot be read: it is no regular file; policies read from it before isolate whom they selected and allow nothing, its pods are closed",
  ]);
  expect((await settle(manifests)).state).toEqual(closed.state);

  await rm(join(directory, "a.yaml"), { recursive: true });
  await writeFile(join(directory, "a.yaml"), JSON.stringify(items[1]));
  const mended = await settle(manifests);
  expect([...mended.state.endpoints.keys()].map(String)).toEqual(["x/a", "x/b"]);
  expect([mended.state.policies.size, mended.lines]).toEqual([0, []]);
});

test("nothing is in sync while a file could never be read, and the status says which", async () => {
  const directory = await newDirectory({ "a.yaml": pod("a", "10.0.0.1") });
  await symlink("nowhere", join(directory, "b.yaml"));
  await symlink("c.yaml", join(directory, "c.yaml"));
  const follower = start(directory);
  await follower.until(() => follower.events.some((event) => event.kind === "status"));
  expect(follower.events.at(-1)).toEqual({
    kind: "status",
    status: {
      kind: "waiting",
      for: "files to be readable: b.yaml, c.yaml",
      next: "make them readable or take them out of the directory",
    },
  });
  expect(follower.problems.map(problemText)).toEqual([
    "b.yaml: cannot be read: it is a link that points to nothing; nothing in it is known",
    expect.stringMatching(/^c\.yaml: cannot be read: ELOOP.*; nothing in it is known$/),
  ]);
  await rm(join(directory, "b.yaml"));
  await rm(join(directory, "c.yaml"));
  await follower.until(() => follower.events.at(-1)?.kind === "inSync");
  expect(follower.problems).toEqual([]);
});

test("a pipe is not waited for", async () => {
  const directory = await newDirectory();
  expect(Bun.spawnSync(["mkfifo", join(directory, "p.yaml")]).exitCode).toBe(0);
  const { unread } = await settle(createManifests(directory, undefined));
  expect(unread).toEqual(["p.yaml"]);
});

test("a file that is missing or empty in the middle of a save still counts as it was", async () => {
  const directory = await newDirectory({ "a.yaml": pod("a", "10.0.0.1"), "b.yaml": pod("b", "10.0.0.2") });
  const manifests = createManifests(directory, undefined);
  await settle(manifests);
  const a = join(directory, "a.yaml");

  await rename(a, `${a}~`);
  expect(await manifests.look(() => false)).toEqual({ kind: "unsettled" });
  await rename(`${a}~`, a);
  expect(await settle(manifests)).toMatchObject({ looks: 1 });

  await writeFile(a, "");
  expect(await manifests.look(() => false)).toEqual({ kind: "unsettled" });
  await writeFile(a, JSON.stringify(pod("a", "10.0.0.3")));
  const { state } = await settle(manifests);
  expect([...state.endpoints.values()]).toMatchObject([{ addresses: ["10.0.0.3"] }, {}]);

  // What stays gone is gone at the second look, what stays empty at the fifth.
  await rm(a);
  expect(await settle(manifests)).toMatchObject({ looks: 2 });
  await writeFile(join(directory, "b.yaml"), "");
  const emptied = await settle(manifests);
  expect([emptied.looks, emptied.state.endpoints.size]).toEqual([5, 0]);
});

test("a directory that never comes to rest counts after a while", async () => {
  const manifests = createManifests(await newDirectory({ "a.yaml": pod("a", "10.0.0.1") }), undefined);
  const kinds: string[] = [];
  for (let look = 0; look < 5; look++) kinds.push((await manifests.look(() => true)).kind);
  expect(kinds).toEqual(["unsettled", "unsettled", "unsettled", "unsettled", "read"]);
});

test("equal size and time do not hide a change that comes at once", async () => {
  const directory = await newDirectory({ "a.yaml": pod("a", "10.0.0.1") });
  const manifests = createManifests(directory, undefined);
  for (const last of [2, 3, 4, 5, 6]) {
    await settle(manifests);
    await writeFile(join(directory, "a.yaml"), JSON.stringify(pod("a", `10.0.0.${last}`)));
    const { state } = await settle(manifests);
    expect([...state.endpoints.values()]).toMatchObject([{ addresses: [`10.0.0.${last}`] }]);
  }
});
