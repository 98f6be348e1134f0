import { readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { openAgent } from "../handshake/agent-client.ts";
import { readRecord, readRecords, removeRecord, writeRecord } from "../handshake/record-files.ts";
import { checkAddresses, findHostLocal, leaseAddresses, releaseAddresses } from "../ipam/host-local.ts";
import { isReconciled } from "../ipam/boot-mark.ts";
import { errorCode } from "../model/error-code.ts";
import { demandNamespace } from "./demand-namespace.ts";
import type { NodeParts } from "./node-parts.ts";
import { answer } from "./run.ts";
import { print, printResult } from "./standard-output.ts";

/** The node that this process runs on. */
export const THIS_NODE: NodeParts = {
  records: { write: writeRecord, read: readRecord, readAll: readRecords, remove: removeRecord },
  locks: {
    take: async (paths, containerId, options) =>
      (await import("./container-lock.ts")).lockContainer(paths, containerId, options),
  },
  links: async () => (await import("./node-links.ts")).nodeLinks,
  demandNamespace,
  leases: {
    demandHelper: (pluginPath) => void findHostLocal(pluginPath),
    lease: leaseAddresses,
    release: releaseAddresses,
    check: checkAddresses,
    reconcile: async (options) => (await import("../ipam/reconcile.ts")).reconcileLeases(options),
    isReconciled,
    reconcileOncePerBoot: async (options) =>
      (await import("../ipam/reconcile.ts")).reconcileOncePerBoot(options),
  },
  openAgent,
  now: () => Date.now(),
  // Not by node:os, which takes longer to load than to ask.
  uptime: () => Number.parseFloat(readFileSync("/proc/uptime", "utf8")),
};

const HELP = `tortie cni: wires pods; a container runtime calls it, by this name or by the name calico

Everything is given by the environment (CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS, CNI_PATH) and
by standard input (the network's configuration): https://www.cni.dev/docs/spec/

  --version   print version and commit
  --help      print this
`;

async function readStdin(): Promise<string> {
  try {
    // Far faster than a stream.
    return readFileSync(0, "utf8");
  } catch (error) {
    if (errorCode(error) !== "EAGAIN") throw error;
    return Bun.stdin.text();
  }
}

async function serve(): Promise<number> {
  const controller = new AbortController();
  const { exitCode, output } = await answer({
    environment: process.env,
    readStdin: async () => {
      const text = await readStdin();
      // Not before: while nothing is done yet a signal may end the process, and in a read it would not be heard.
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
        process.on(signal, () => controller.abort());
      return text;
    },
    node: THIS_NODE,
    stopping: controller.signal,
    ownDirectory: dirname(process.execPath),
    print: printResult,
  });
  print(output);
  return exitCode;
}

/** `tortie cni`: gives the exit code; everything has been printed then. */
export async function cniMain(args: readonly string[], version: string): Promise<number> {
  const [word] = args;
  switch (word) {
    case undefined:
      return serve();
    case "-v":
    case "--version":
      print(`${version}\n`);
      return 0;
    case "-h":
    case "--help":
      print(HELP);
      return 0;
    default:
      writeSync(
        2,
        `tortie cni: unknown argument ${word}; it takes --help and --version only, everything else by variables and standard input\n`,
      );
      return 1;
  }
}
