#!/usr/bin/env bun
import { writeSync } from "node:fs";
import { VERSION } from "./version.ts";

interface Face {
  readonly help: string;
  /** Gives the exit code. Loads what it needs itself: nobody pays for another face's start. */
  run(args: readonly string[]): Promise<number>;
}

const FACES: ReadonlyMap<string, Face> = new Map(
  Object.entries<Face>({
    agent: {
      help: "enforce the policies of a datastore on this node",
      run: async (args) => {
        const { startWithSlowHeapGrowth } = await import("./agent/heap-growth.ts");
        startWithSlowHeapGrowth();
        const { agentMain } = await import("./agent/main.ts");
        const code = await agentMain(args, VERSION);
        // At once: a reader of the log that stalls must not keep a stopped agent alive.
        return process.exit(code);
      },
    },
    cni: {
      help: "wire a pod, called by a container runtime; also by the name calico",
      run: async (args) => {
        const { cniMain } = await import("./cni/main.ts");
        const code = await cniMain(args, VERSION);
        // At once: a runtime waits for the end of the process, and each pod pays for it.
        return process.exit(code);
      },
    },
    explain: {
      help: "say whether one pod may reach another, and which rule decides",
      run: async (args) => (await import("./explain/main.ts")).explainMain(args),
    },
    ctl: {
      help: "show Calico's resources of the cluster; also by the names calicoctl and kubectl-calico",
      run: async (args) => (await import("./ctl/main.ts")).ctlMain(args, { version: VERSION, print }),
    },
    demo: {
      help: "see policies enforced on real packets, in network namespaces of its own",
      run: async (args) => (await import("./demo/main.ts")).demoMain(args),
    },
    install: {
      help: "put the CNI plugin on this node, and take over from Calico",
      run: async (args) => (await import("./install/main.ts")).installMain(args, { version: VERSION, print }),
    },
    uninstall: {
      help: "take every trace of tortie off this node",
      run: async (args) => (await import("./install/uninstall-main.ts")).uninstallMain(args, { print }),
    },
    preflight: {
      help: "check whether this node and its cluster have what tortie needs",
      run: async (args) => {
        const { preflightMain } = await import("./preflight/main.ts");
        const code = await preflightMain(args, { version: VERSION, print });
        // At once: a question that nobody answers, or a plugin for credentials, must not keep it alive.
        return process.exit(code);
      },
    },
    health: {
      help: "ask the agent of this node how it is, for probes",
      run: async (args) => (await import("./health-probe/main.ts")).healthProbeMain(args, { print }),
    },
    version: { help: "print version and commit", run: async () => print(`tortie ${VERSION}\n`) },
    help: { help: "print this", run: async () => print(usage()) },
  }),
);

// Maps, for what is looked up is whatever somebody typed: `constructor` would be found in an object.
/** Names of links to this file that stand for a first word. */
const CALLED_AS: ReadonlyMap<string, string> = new Map([
  ["calicoctl", "ctl"],
  ["kubectl-calico", "ctl"],
  ["calico", "cni"],
]);

const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["--version", "version"],
  ["-v", "version"],
  ["--help", "help"],
  ["-h", "help"],
]);

/** First words that belong behind another one. */
const BEHIND: ReadonlyMap<string, string> = new Map([["get", "tortie ctl get"]]);

/** Container runtimes give CNI plugins no arguments, but this variable. */
const CNI_VARIABLE = "CNI_COMMAND";

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** By a system call of its own: opening `process.stdout` takes longer than all the rest of `tortie version`. */
function print(text: string): number {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch (error) {
    switch (errorCode(error)) {
      case "EAGAIN":
        // Somebody made the pipe non-blocking, and it is full: the stream waits for its reader.
        process.stdout.write(rest);
        break;
      case "EPIPE":
        // The reader has seen enough.
        break;
      default:
        process.stderr.write(`tortie: cannot write to standard output: ${errorCode(error)}\n`);
        return 1;
    }
  }
  return 0;
}

function usage(): string {
  const lines = [...FACES].map(([word, { help }]) => `  tortie ${word.padEnd(9)} ${help}\n`);
  return [
    "tortie: Kubernetes NetworkPolicy for this node, without etcd\n\n",
    ...lines,
    "\n`tortie FACE --help` tells more about each but version and help.\n",
  ].join("");
}

/** What somebody who typed this word may have meant. */
async function meantBy(word: string): Promise<string | undefined> {
  const name = word.toLowerCase().replace(/^-+/, "");
  const whole = BEHIND.get(name);
  if (whole !== undefined) return whole;
  const { nearNames } = await import("./model/near-names.ts");
  return nearNames(name, FACES.keys(), 1)[0];
}

async function main(calledAs: string, args: readonly string[]): Promise<number> {
  const byName = CALLED_AS.get(calledAs.slice(calledAs.lastIndexOf("/") + 1));
  const implied = args.length === 0 && process.env[CNI_VARIABLE] !== undefined ? "cni" : undefined;
  const asked = byName ?? implied;
  const [first, ...rest] = asked === undefined ? args : [asked, ...args];
  if (first === undefined) {
    process.stderr.write(`tortie: which face?\n\n${usage()}`);
    return 1;
  }
  const word = SPELLINGS.get(first) ?? first;
  const face = FACES.get(word);
  if (face !== undefined) return face.run(rest);
  const meant = await meantBy(word);
  const hint = meant === undefined ? `there are: ${[...FACES.keys()].join(", ")}` : `did you mean ${meant}?`;
  process.stderr.write(`tortie: there is no face "${word}" in this version; ${hint}\n`);
  return 1;
}

// argv[0] is always "bun"; argv0 is the name that the file was called by.
process.exitCode = await main(process.argv0, process.argv.slice(2));
