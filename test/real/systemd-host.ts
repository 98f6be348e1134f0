import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { until } from "../agent/running-agent.ts";

const BOOT = new URL("systemd-host.sh", import.meta.url).pathname;
const TREE = new URL("../../script/systemd-tree", import.meta.url).pathname;

/** Where programs of the host are. */
export const HOST_PATH = "/usr/local/bin:/usr/bin:/usr/sbin";

export interface SystemdHostOptions {
  /** What is the host's own network. */
  readonly network: NetworkNamespace;
  /** Keeps what is written when the host ends: one that is started on it again is this host after a reboot. Default: memory. */
  readonly disk?: string;
}

/** A host that Debian's systemd has booted, with nothing on it but that and busybox. Nothing of it outlives the test. */
export interface SystemdHost extends AsyncDisposable {
  /** Where it is mounted, for nobody else; gone with the host. */
  readonly directory: string;
  /** Where other processes see its files. */
  readonly root: string;
  /** The words that run a command on the host. */
  command(words: readonly string[]): string[];
  /** Runs it on the host to its end and gives its standard output; throws with what it wrote where it fails. */
  run(...words: readonly string[]): Promise<string>;
  /** Runs a script by busybox' shell, in `directory` of the host; a step that fails ends it. */
  script(text: string, directory?: string): Promise<string>;
  /** One property of a unit, as `systemctl show` has it. */
  property(unit: string, name: string): Promise<string>;
}

/** The tree of packages; script/systemd-tree makes it where script/bootstrap did not. TORTIE_SYSTEMD_SUITE names another release. */
export function systemdTree(): string {
  const suite = process.env["TORTIE_SYSTEMD_SUITE"];
  const made = Bun.spawnSync(suite === undefined ? [TREE] : [TREE, suite]);
  if (!made.success) throw new Error(`script/systemd-tree: ${made.stderr.toString()}`);
  return made.stdout.toString().trim();
}

async function untilReady(child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<string> {
  let said = "";
  for await (const bytes of child.stdout) {
    said += new TextDecoder().decode(bytes);
    const pid = /^ready (\d+)\n/.exec(said)?.[1];
    if (pid !== undefined) return pid;
  }
  throw new Error(`test/real/systemd-host.sh booted nothing: ${said}${await child.stderr.text()}`);
}

/** Boots it, until systemd says that it has started all that it means to. Needs root. Close it with `await using`. */
export async function startSystemdHost({ network, disk }: SystemdHostOptions): Promise<SystemdHost> {
  const tree = systemdTree();
  const directory = mkdtempSync(join(tmpdir(), "tortie-systemd-"));
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "0");
  const words = [BOOT, directory, disk ?? join(directory, "disk"), tree, name];
  const child = network.run(() =>
    Bun.spawn(["setsid", "unshare", "--mount", "--", ...words], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  await using building = new AsyncDisposableStack();
  building.defer(async () => {
    void child.stdin.end();
    await child.exited;
  });
  const pid = await untilReady(child);
  const command = (inside: readonly string[]): string[] => [
    "nsenter",
    `--target=${pid}`,
    "--all",
    "--",
    ...inside,
  ];
  const spawn = async (inside: readonly string[]): Promise<{ status: number; out: string; err: string }> => {
    const env = { PATH: HOST_PATH, HOME: "/root" };
    const ran = Bun.spawn(command(inside), { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [out, err, status] = await Promise.all([ran.stdout.text(), ran.stderr.text(), ran.exited]);
    return { status, out, err };
  };
  // "degraded" where units fail that a host without a console has no use for.
  await until(async () =>
    /^(running|degraded)$/m.test((await spawn(["systemctl", "is-system-running"])).out),
  );

  const run = async (...inside: readonly string[]): Promise<string> => {
    const { status, out, err } = await spawn(inside);
    if (status !== 0) throw new Error(`${inside.join(" ")}: status ${status}: ${out}${err}`);
    return out;
  };
  const resources = building.move();
  return {
    directory,
    root: `/proc/${pid}/root`,
    command,
    run,
    script: (text, at = "/root") => run("busybox", "sh", "-euc", `cd ${at}\n${text}`),
    property: async (unit, wanted) =>
      (await run("systemctl", "show", "--value", "--property", wanted, unit)).trim(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
