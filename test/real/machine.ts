import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ServerProcess } from "./server-process.ts";

const SCRIPT = new URL("machine.sh", import.meta.url).pathname;

/** Puts a command into the cgroup of the machine, which ends all that is in it. */
const JOIN = 'echo $$ >"$0" && exec "$@"';

export interface MachineOptions {
  /** What is the machine's own network; `lo` must be up in it. Default: a new one that ends with it. */
  readonly network?: NetworkNamespace;
  /**
   * A directory that keeps what is written to /etc, /opt, /usr/local and /var (and the runtime's images and containers) when the
   * machine ends: a machine that is started on it again is this one after a reboot. Default: memory, lost in the end.
   * Its file system must be able to hold the upper layer of an overlay.
   */
  readonly disk?: string;
}

/**
 * A node as far as its programs can see: a network, /run, cgroups, a boot id and a host name of its own; /etc, /opt,
 * /usr/local and /var show those of the real machine and keep what is written to them to themselves. The rest, /tmp and process
 * ids among them, it shares with the tests. Nothing of it outlives the process that started it, however that ends.
 */
export interface Machine extends AsyncDisposable {
  /** Also its host name. */
  readonly name: string;
  readonly network: NetworkNamespace;
  /** Where it is mounted, for nobody else; gone with the machine. */
  readonly directory: string;
  /** Where other processes see its files: its `/run/tortie` is `${root}/run/tortie`. */
  readonly root: string;
  /** A path, the same inside and outside, for files that no overlay may hold; it ends with the machine or with its disk. */
  readonly disk: string;
  /** The words that run a command on the machine, under the process id that they are started with. */
  command(words: readonly string[]): string[];
  /** Runs it to its end and gives its standard output; throws with what it wrote where it fails. */
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<string>;
  /** What tests stop, kill and start again; its output goes to `/var/log/NAME.log` of the machine. */
  server(name: string, words: readonly string[]): ServerProcess;
  /** The process ids of all that runs on it. */
  processes(): number[];
}

async function untilReady(child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<number> {
  let said = "";
  for await (const bytes of child.stdout) {
    said += new TextDecoder().decode(bytes);
    const pid = /^ready (\d+)\n/.exec(said)?.[1];
    if (pid !== undefined) return Number(pid);
  }
  throw new Error(`test/real/machine.sh made no machine: ${said}${await child.stderr.text()}`);
}

/** Makes it, with nothing running on it. Needs root. Close it with `await using`, or in afterAll. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const directory = mkdtempSync(join(tmpdir(), "tortie-machine-"));
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "0");
  const disk = options.disk ?? join(directory, "disk");
  const network = options.network ?? NetworkNamespace.create();
  if (options.network === undefined) network.run(() => Bun.spawnSync(["ip", "link", "set", "lo", "up"]));
  const child = network.run(() =>
    Bun.spawn(["setsid", "unshare", "--mount", "--", SCRIPT, directory, disk, name], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    }),
  );
  const end = async (): Promise<void> => {
    void child.stdin.end();
    await child.exited;
    if (options.network === undefined) network[Symbol.dispose]();
  };
  let pid: number;
  try {
    pid = await untilReady(child);
  } catch (error) {
    await end();
    throw error;
  }
  const root = `/proc/${pid}/root`;
  const group = `${root}/sys/fs/cgroup`;
  const enter = ["nsenter", `--target=${pid}`, "--mount", "--net", "--uts", "--ipc", "--cgroup", "--"];
  const command = (words: readonly string[]): string[] => [
    "sh",
    "-c",
    JOIN,
    `${group}/init/cgroup.procs`,
    ...enter,
    ...words,
  ];

  const machine: Machine = {
    name,
    network,
    directory,
    root,
    disk,
    command,
    run: async (words, environment = {}) => {
      const env = { PATH: process.env["PATH"] ?? "", HOME: directory, ...environment };
      const ran = Bun.spawn(command(words), { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
      const [out, err] = await Promise.all([ran.stdout.text(), ran.stderr.text(), ran.exited]);
      if (ran.exitCode !== 0) throw new Error(`${words.join(" ")}: ${out}${err}`.trim());
      return out;
    },
    server: (serverName, words) => {
      const [first = "", ...args] = command(words);
      const log = `${root}/var/log/${serverName}.log`;
      return new ServerProcess({ program: first, args, log, directory: tmpdir(), network: undefined });
    },
    processes: () => {
      const files = [...new Bun.Glob("**/cgroup.procs").scanSync(group)];
      const found = files.flatMap((file) => readFileSync(join(group, file), "utf8").split("\n"));
      return found.flatMap((line) => (line === "" || line === String(pid) ? [] : Number(line)));
    },
    [Symbol.asyncDispose]: end,
  };
  return machine;
}
