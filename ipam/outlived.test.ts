import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awaitOutlived } from "./outlived.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-outlived-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;

/** What the kernel would tell of processes, beside things that are none. */
function processes(
  list: Readonly<Record<number, { readonly name: string; readonly environment: string }>>,
): string {
  const directory = join(folder, String(made++));
  mkdirSync(join(directory, "sys"), { recursive: true });
  writeFileSync(join(directory, "uptime"), "1 1\n");
  // Has just ended.
  mkdirSync(join(directory, "17"));
  for (const [pid, { name, environment }] of Object.entries(list)) {
    mkdirSync(join(directory, pid));
    writeFileSync(join(directory, pid, "comm"), `${name}\n`);
    writeFileSync(join(directory, pid, "environ"), environment.split(" ").join("\0"));
  }
  return directory;
}

const LEASING = "PATH=/bin CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0";

test("nothing is waited for but a host-local that leases for the container", async () => {
  const directory = processes({
    18: { name: "host-local", environment: LEASING.replace("=c1", "=c10") },
    19: { name: "host-local", environment: LEASING.replace("ADD", "DEL") },
    20: { name: "calico", environment: LEASING },
  });
  await awaitOutlived({ containerId: "c1", processes: directory, deadline: 0 });
});

test("it is waited for until it has ended, or another has its number", async () => {
  const directory = processes({
    18: { name: "host-local", environment: LEASING },
    19: { name: "host-local", environment: LEASING },
  });
  const waiting = awaitOutlived({ containerId: "c1", processes: directory, everyMilliseconds: 1 });
  let isOver = false;
  void waiting.then(() => (isOver = true));
  rmSync(join(directory, "18"), { recursive: true });
  await Bun.sleep(5);
  expect(isOver).toBe(false);
  writeFileSync(join(directory, "19", "comm"), "sh\n");
  await waiting;
});

test("one that does not end is named, and the runtime is to try again", async () => {
  const directory = processes({ 18: { name: "host-local", environment: LEASING } });
  const failure: unknown = await awaitOutlived({
    containerId: "c1",
    processes: directory,
    deadline: 20,
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    kind: "hung",
    message:
      "could not wait for the host-local that was started for container c1 by a plugin that is no more: process 18 did not " +
      "end within 0.02 s; next: see whether another process holds the lock in the lease directory, or its disk does not " +
      "answer; the runtime tries again",
  });
});

test("of the processes of this machine none leases for a container that there is not", async () => {
  await awaitOutlived({ containerId: "there-is-no-such-container", deadline: 0 });
});
