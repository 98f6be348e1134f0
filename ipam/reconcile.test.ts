import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import type { LockPatience } from "../native/file-lock.ts";
import { testSeed } from "../test/worlds/seed.ts";
import { IpamError } from "./ipam-error.ts";
import { lockLeases } from "./leases.ts";
import { type OncePerBoot, reconcileLeases, reconcileOncePerBoot } from "./reconcile.ts";

const root = mkdtempSync(join(tmpdir(), "tortie-leases-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
const NONE: ReadonlySet<string> = new Set();

/** A network with these files among its leases. */
function network(files: Readonly<Record<string, string>>): OncePerBoot & { readonly files: () => string[] } {
  const directory = join(root, String(made++));
  const leases = join(directory, "leases", "net");
  mkdirSync(leases, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(leases, name), text);
  return {
    network: { name: "net", dataDirectory: join(directory, "leases") },
    runDirectory: join(directory, "run"),
    readBootId: () => "boot-1\n",
    containers: () => NONE,
    isInUse: () => false,
    files: () => readdirSync(leases).toSorted(),
  };
}

const OTHERS = { "last_reserved_ip.0": "10.0.0.9", lock: "", "10.0.0.999": "c9\r\neth0", notes: "c9" };
const LEFT = Object.keys(OTHERS).toSorted();

test("leases are read as every version of host-local has written them", async () => {
  const given = network({
    "10.0.0.2": "c1\r\neth0",
    "10.0.0.3": "c2",
    "10.0.0.4": "c3\neth1\n",
    "10.0.0.5": "",
    "fd00::2": "c1\r\neth0",
    ...OTHERS,
  });
  using leases = await lockLeases(given.network);
  expect(leases.read().map((one) => [String(one.address), one.containerId, one.podInterface])).toEqual([
    ["10.0.0.2", "c1", "eth0"],
    ["10.0.0.3", "c2", undefined],
    ["10.0.0.4", "c3", "eth1"],
    ["10.0.0.5", "", undefined],
    ["fd00::2", "c1", "eth0"],
  ]);
});

test("what has neither record nor interface goes, and nothing else", async () => {
  const given = network({
    "10.0.0.2": "recorded\r\neth0",
    "10.0.0.3": "old\r\neth0",
    "10.0.0.4": "gone\r\neth0",
    "10.0.0.5": "",
    "fd00::2": "recorded\r\neth0",
    "fd00::4": "gone\r\neth0",
    ...OTHERS,
  });
  const freed = await reconcileLeases({
    ...given,
    containers: () => new Set(["recorded", "other"]),
    isInUse: ({ address }) => address === ("10.0.0.3" as unknown),
  });
  expect(freed.map(({ address }) => String(address))).toEqual(["10.0.0.4", "10.0.0.5", "fd00::4"]);
  expect(given.files()).toEqual(["10.0.0.2", "10.0.0.3", "fd00::2", ...LEFT].toSorted());
});

test("a network that never leased anything gets no directory", async () => {
  const given = network({});
  expect(await reconcileLeases({ ...given, network: { ...given.network, name: "other" } })).toEqual([]);
  expect(existsSync(join(given.network.dataDirectory ?? "", "other"))).toBe(false);
});

test("a lease directory that is none is told", async () => {
  const given = network({});
  const tried = (): Promise<unknown> =>
    reconcileLeases({ ...given, network: { name: "null", dataDirectory: "/dev" } });
  expect(tried()).rejects.toThrow(IpamError);
  expect(tried()).rejects.toThrow(
    /^could not lock the leases in \/dev\/null: .*; next: see that the lease directory/,
  );
});

test("once per boot and network, and again after the next one", async () => {
  const given = network({ "10.0.0.2": "gone\r\neth0" });
  expect(await reconcileOncePerBoot(given)).toHaveLength(1);
  writeFileSync(join(given.network.dataDirectory ?? "", "net", "10.0.0.3"), "gone");
  expect(await reconcileOncePerBoot(given)).toBeUndefined();
  const other = network({ "10.1.0.2": "gone\r\neth0" });
  const sameRun = { ...other, runDirectory: given.runDirectory };
  expect(await reconcileOncePerBoot(sameRun)).toHaveLength(1);
  expect([await reconcileOncePerBoot(given), await reconcileOncePerBoot(sameRun)]).toEqual([
    undefined,
    undefined,
  ]);
  const rebooted = { ...given, readBootId: () => "boot-2" };
  expect(await reconcileOncePerBoot(rebooted)).toHaveLength(1);
  expect(await reconcileOncePerBoot(rebooted)).toBeUndefined();
});

test("without a look at all leases it does not count as done", async () => {
  const given = network({ "10.0.0.2": "gone\r\neth0" });
  const failing = (): never => {
    throw new Error("records cannot be read");
  };
  expect(reconcileOncePerBoot({ ...given, containers: failing })).rejects.toThrow(/records cannot be read/);
  expect(given.files()).toContain("10.0.0.2");
  expect(await reconcileOncePerBoot(given)).toHaveLength(1);
});

test("a run directory that cannot be written to is told", async () => {
  const given = network({});
  expect(reconcileOncePerBoot({ ...given, runDirectory: "/dev/null" })).rejects.toThrow(
    /^could not note in \/dev\/null\/boot-id that leases .*; next: see that the run directory/,
  );
});

test("a lock that another process does not let go is named, and the plugin may be told to stop meanwhile", async () => {
  const given = network({ "10.0.0.2": "gone\r\neth0" });
  const path = join(given.network.dataDirectory ?? "", "net", "lock");
  const failure = (patience: LockPatience): Promise<unknown> =>
    reconcileLeases({ ...given, patience }).catch((error: unknown) => error);
  {
    using _ = await lockLeases(given.network);
    expect(await failure({ milliseconds: 10 })).toMatchObject({
      kind: "hung",
      found: `another process has held the lock ${path} for 0.01 s`,
    });
    const stopped = { milliseconds: Infinity, signal: AbortSignal.abort() };
    expect(await failure(stopped)).toMatchObject({
      found: `another process holds the lock ${path}, and the plugin was told to stop`,
    });
    expect(given.files()).toContain("10.0.0.2");
  }
  expect(await reconcileLeases(given)).toHaveLength(1);
});

test("what goes is told while nobody can lease it anew", async () => {
  const given = network({ "10.0.0.2": "gone\r\neth0" });
  const told: string[] = [];
  const onFreeing: OncePerBoot["onFreeing"] = (leases) => {
    expect(given.files()).toContain("10.0.0.2");
    told.push(...leases.map(({ address }) => address));
  };
  await reconcileLeases({ ...given, onFreeing });
  await reconcileLeases({ ...given, onFreeing });
  expect(told).toEqual(["10.0.0.2"]);
});

test("whoever comes while another process reconciles waits until that has ended", async () => {
  const given = network({ "10.0.0.2": "gone\r\neth0" });
  const log = join(root, "log");
  const go = join(root, "go");
  const child = (name: string, containers: string): Bun.Subprocess<"ignore", "pipe", "inherit"> => {
    const { runDirectory } = given;
    const options = JSON.stringify({ network: given.network, runDirectory });
    const script = `
      import { appendFileSync, existsSync } from "node:fs";
      import { reconcileOncePerBoot } from ${JSON.stringify(new URL("reconcile.ts", import.meta.url).pathname)};
      const say = (text) => appendFileSync(${JSON.stringify(log)}, "${name} " + text + "\\n");
      const containers = () => { ${containers} return new Set(); };
      say("begins");
      const freed = await reconcileOncePerBoot({ ...${options}, readBootId: () => "boot-1", isInUse: () => false, containers });
      say("ends " + (freed?.length ?? "with nothing"));`;
    return Bun.spawn([process.execPath, "-e", script], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
  };
  const said = (): string => (existsSync(log) ? readFileSync(log, "utf8") : "");
  const until = async (words: string): Promise<void> => {
    while (!said().includes(words)) await Bun.sleep(1);
  };
  const first = child(
    "first",
    `say("is at it"); while (!existsSync(${JSON.stringify(go)})) Bun.sleepSync(1);`,
  );
  await until("first is at it");
  const second = child("second", `say("is at it");`);
  await until("second begins");
  writeFileSync(go, "");
  expect(await Promise.all([first.exited, second.exited])).toEqual([0, 0]);
  const lines = said().trim().split("\n");
  expect(lines.filter((line) => !line.endsWith(" begins")).toSorted()).toEqual([
    "first ends 1",
    "first is at it",
    "second ends with nothing",
  ]);
});

/** One step of what a node does with containers, in the order in which the plugin does it. */
type Step =
  | {
      readonly kind: "record" | "lease" | "interface" | "remove" | "unrecord" | "free";
      readonly container: number;
    }
  | { readonly kind: "reconcile" }
  | { readonly kind: "reboot" };

test("no lease of a container with a record or an interface is ever freed, whatever the order", async () => {
  const container = fc.nat(4);
  const kinds = ["record", "lease", "interface", "remove", "unrecord", "free"] as const;
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), container }) },
    { weight: 2, arbitrary: fc.constant({ kind: "reconcile" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "reboot" } as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.array(step, { maxLength: 3 })), { maxLength: 30 }),
      async (history) => {
        const given = network({});
        const directory = join(given.network.dataDirectory ?? "", "net");
        const [records, interfaces] = [new Set<string>(), new Set<string>()];
        const leases = new Set<string>();
        let boot = 1;
        const file = (id: string): string => join(directory, `10.0.0.${id}`);
        const take = (one: Step): void => {
          if (one.kind === "reboot") {
            boot++;
            records.clear();
            interfaces.clear();
            rmSync(given.runDirectory, { recursive: true, force: true });
            return;
          }
          if (one.kind === "reconcile") return;
          const id = String(one.container);
          if (one.kind === "record") records.add(id);
          // A pod of Calico's has a lease and an interface, and no record.
          if (one.kind === "lease" && (records.has(id) || interfaces.has(id))) {
            leases.add(id);
            writeFileSync(file(id), `${id}\r\neth0`);
          }
          if (one.kind === "interface") interfaces.add(id);
          if (one.kind === "remove") interfaces.delete(id);
          if (one.kind === "unrecord") records.delete(id);
          if (one.kind === "free" && leases.delete(id)) rmSync(file(id), { force: true });
        };
        for (const [one, meanwhile] of history) {
          take(one);
          if (one.kind !== "reconcile") continue;
          const reconciling = {
            ...given,
            readBootId: () => `boot-${boot}`,
            // Records come and go while the leases are locked; leases do not come.
            containers: () => {
              for (const other of meanwhile) if (["record", "unrecord"].includes(other.kind)) take(other);
              return new Set(records);
            },
            isInUse: ({ containerId }: { readonly containerId: string }) => interfaces.has(containerId),
          };
          const freed = [
            ...((await reconcileOncePerBoot(reconciling)) ?? []),
            ...(await reconcileLeases(reconciling)),
          ];
          for (const { containerId } of freed) {
            expect(records.has(containerId) || interfaces.has(containerId)).toBe(false);
            leases.delete(containerId);
          }
          for (const id of leases) {
            expect(existsSync(file(id))).toBe(true);
            expect(records.has(id) || interfaces.has(id)).toBe(true);
          }
        }
      },
    ),
    { seed: testSeed(), numRuns: 150 },
  );
});
