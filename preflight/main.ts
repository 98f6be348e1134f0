import { openClient } from "../adapters/kubernetes/connection/open-client.ts";
import { FLANNEL_FILE, readFlannel } from "../agent/host/flannel-file.ts";
import { readPools } from "../agent/host/ip-pools.ts";
import { readSmallFile } from "../agent/host/small-file.ts";
import { ConfigError, readConfig, type ReadConfig } from "../agent/settings/config.ts";
import type { Environment } from "../model/environment.ts";
import { askCluster, checkCluster, nodesOf, type OpenClient } from "./check-cluster.ts";
import { checkThisNode } from "./check-node.ts";
import { checkPools } from "./checks/pools.ts";
import { hostFiles } from "./facts/cni-files.ts";
import type { KernelFacts } from "./facts/kernel-facts.ts";
import { failed, type Finding } from "./finding.ts";
import { becauseOf, type Known, known, unknown } from "./known.ts";
import { type PreflightOptions, readOptions } from "./options.ts";
import { type Report, reportJson, reportText } from "./report.ts";

const SOMETHING_FAILED = 1;
const WRONG_USE = 2;
const CLUSTER_MILLISECONDS = 10_000;

/** What the face needs of the world. */
export interface PreflightSurroundings {
  readonly environment: Environment;
  readonly version: string;
  /** Writes to standard output and gives the exit code. */
  readonly print: (text: string) => number;
  readonly warn: (text: string) => void;
  readonly open: OpenClient;
  readonly readKernel: () => Promise<KernelFacts>;
  /** The executable that runs; undefined: it runs from source. */
  readonly executable: string | undefined;
  /** For everything that the API server is asked. */
  readonly clusterMilliseconds?: number;
}

/** The parts that speak to the kernel cannot even be loaded where nothing may be compiled. */
async function kernelOf(readKernel: () => Promise<KernelFacts>): Promise<Known<KernelFacts>> {
  try {
    return known(await readKernel());
  } catch (error) {
    return unknown(becauseOf(error));
  }
}

async function check(
  read: ReadConfig,
  { hostRoot }: PreflightOptions,
  surroundings: PreflightSurroundings,
): Promise<Report> {
  const { config } = read;
  const { environment, version, open, executable, clusterMilliseconds = CLUSTER_MILLISECONDS } = surroundings;
  const kernel = await kernelOf(surroundings.readKernel);
  const cluster = await askCluster({ config, open, milliseconds: clusterMilliseconds });
  const nodes = nodesOf(cluster);
  const own = nodes.known ? nodes.value.find(({ name }) => name === config.nodeName) : undefined;
  const { pools, conditions } = readPools({ config });
  const flannel = readSmallFile(FLANNEL_FILE);
  const poolFindings = checkPools({
    pools: [...pools.values()],
    conditions,
    flannelNetworks: flannel.kind === "text" ? readFlannel(flannel.text).networks : [],
    nodes,
    manageCni: config.manageCni,
  });
  const findings: Finding[] = [
    ...checkThisNode({
      read,
      host: hostFiles(hostRoot, environment),
      kernel,
      executable,
      podCidrs: own?.podCidrs ?? [],
      masquerades: [...pools.values()].some(({ natOutgoing }) => natOutgoing),
    }),
    ...checkCluster({ cluster, config, kernel, pools: poolFindings }),
  ];
  return { version, node: config.nodeName, server: cluster.server, findings };
}

function readSettings(environment: Environment, felixFile: string | undefined): ReadConfig | Finding[] {
  try {
    return readConfig(environment, felixFile === undefined ? {} : { felixFile });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.lines.map((line) =>
      failed("settings", line, "correct it, and check again: nothing else was looked at"),
    );
  }
}

/** The face with its surroundings given; answers the exit code. */
export async function preflightIn(
  args: readonly string[],
  surroundings: PreflightSurroundings,
): Promise<number> {
  const { environment, print, warn, version } = surroundings;
  const asked = readOptions(args);
  if (asked.kind === "help") return print(asked.text);
  if (asked.kind === "wrong") {
    warn(`tortie preflight: ${asked.text}\n(\`tortie preflight --help\` tells what it takes)\n`);
    return WRONG_USE;
  }
  const read = readSettings(environment, asked.options.felixFile);
  const report = Array.isArray(read)
    ? { version, node: "not known", server: undefined, findings: read }
    : await check(read, asked.options, surroundings);
  const printed = print((asked.options.output === "json" ? reportJson : reportText)(report));
  return report.findings.some(({ status }) => status === "failed") ? SOMETHING_FAILED : printed;
}

/** `tortie preflight`. Answers the exit code: 0 nothing failed, 1 something failed, 2 wrong use. */
export async function preflightMain(
  args: readonly string[],
  { version, print }: Pick<PreflightSurroundings, "version" | "print">,
): Promise<number> {
  return preflightIn(args, {
    environment: process.env,
    version,
    print,
    warn: (text) => void process.stderr.write(text),
    open: openClient,
    readKernel: async () => (await import("./facts/kernel-facts.ts")).readKernelFacts(),
    // Where the files of an executable of Bun's seem to be.
    executable: Bun.main.startsWith("/$bunfs/") ? process.execPath : undefined,
  });
}
