import { join } from "node:path";
import { openNftDataplane } from "../dataplane/nft/driver.ts";
import { openWriter } from "../dataplane/nft/open-writer.ts";
import { runPaths } from "../handshake/run-paths.ts";
import { type HealthReport, healthReport } from "../health/components.ts";
import { serveHealth } from "../health/server.ts";
import { createCompiler } from "../policy/compiler.ts";
import { agentHelp, readArguments } from "./arguments.ts";
import { keepCniConfig } from "./cni-config/cni-config-keeper.ts";
import { type Config, ConfigError, readConfig, type ReadConfig } from "./settings/config.ts";
import { watchPools } from "./host/ip-pools.ts";
import { type Log, openLog, standardOutput } from "./log.ts";
import { openMetrics } from "./metrics.ts";
import { watchNodeHost } from "./host/node-host.ts";
import { keepPodLinks } from "./host/pod-links.ts";
import { openDatastore } from "./open-datastore.ts";
import { openPodNetwork } from "./pods/pod-network.ts";
import { watchProcessEnds } from "./process-ends.ts";
import { runAgent } from "./run.ts";
import { tellServiceManager } from "./service-manager.ts";
import { shortened } from "./shortened.ts";
import { createStatus } from "./status.ts";
import { watchTable } from "./host/table-watch.ts";

const FLUSH_MILLISECONDS = 200;

function complain(text: string): number {
  for (const line of text.split("\n")) process.stderr.write(`tortie agent: ${line}\n`);
  return 1;
}

/** The configuration as it may be read by whoever reads logs. */
function withoutSecrets({ connection, ...config }: Config): object {
  const { token, ...rest } = connection;
  return { ...config, connection: token === undefined ? rest : { ...rest, token: "given" } };
}

/** A directory of manifests says itself which interfaces there are, and its host is nobody else's. */
function looksAtHost({ datastoreType, manageCni }: Config): boolean {
  return datastoreType === "kubernetes" || !manageCni;
}

/** Behind `cali*` an unknown interface is closed by its name, and Calico's address manager keeps to no node's ranges. */
function unknownEndpoint({ manageCni, unknownEndpoint: wanted }: Config): Config["unknownEndpoint"] {
  return manageCni ? "accept" : wanted;
}

interface EnforceOptions {
  readonly config: Config;
  readonly version: string;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

async function enforce({ config, version, log, stopping }: EnforceOptions): Promise<void> {
  const status = createStatus();
  // First of all the table, which is the lock between two agents: the second must hear of the first, not of its port.
  using writer = openWriter(config.writer);
  await using dataplane = openNftDataplane(writer, {
    endpointToHost: config.endpointToHostAction,
    dropInvalid: config.dropInvalid,
    foreignInterfaces: !config.manageCni,
    unknownEndpoint: unknownEndpoint(config),
    graceMilliseconds: config.graceSeconds * 1_000,
    onRefused: (batch) => log.write("error", "the kernel refused", { batch: shortened(batch, 16_000) }),
  });
  const report = (): HealthReport => healthReport(status, performance.now(), config.watchdogSeconds);
  using health = config.healthEnabled
    ? serveHealth({ host: config.healthHost, port: config.healthPort, report })
    : undefined;
  using _manager = tellServiceManager({ environment: process.env, live: () => report().live });
  const { ownership, ownershipNote } = dataplane.status;
  log.write("info", "table taken", { writer: writer.kind, ownership, note: ownershipNote });
  if (health !== undefined) log.write("info", "health served", { url: health.url });
  await runAgent({
    datastore: openDatastore(config, config.nodeName),
    compiler: createCompiler(),
    dataplane,
    status,
    log,
    watchTable: ownership === "owned" ? undefined : (changed) => watchTable({ changed, log }),
    watchHost: looksAtHost(config)
      ? (listener) =>
          watchNodeHost({
            ...listener,
            placing: !config.manageCni,
            unknownEndpoint: unknownEndpoint(config),
          })
      : undefined,
    watchPools: (listener) => watchPools({ config, ...listener }),
    keepCniConfig: (told) => keepCniConfig({ settings: config, environment: process.env, log, told }),
    openPodNetwork: config.manageCni
      ? (hooks) =>
          openPodNetwork({
            ...hooks,
            paths: runPaths(config.runDirectory),
            nodeName: config.nodeName,
            annotating: config.podAnnotations !== false,
            keepLinks: (podCidrs) =>
              keepPodLinks({
                mtu: {
                  fixed: config.cniMtu || undefined,
                  stateFile: join(config.stateDirectory, "mtu"),
                  podCidrs,
                },
                conditions: hooks.linkConditions,
                trouble: (text) => log.write("warning", text),
                mtuFound: ({ mtu, from }) => log.write("info", "MTU of pods", { mtu, from }),
              }),
            log,
          })
      : undefined,
    openMetrics: config.metricsEnabled
      ? (conditions) => openMetrics({ config, status, version, log, conditions })
      : undefined,
    stopping,
  });
}

/** `tortie agent`. Answers the exit code: 0 stopped by a signal, 1 with the reason on standard error. */
export async function agentMain(args: readonly string[], version: string): Promise<number> {
  const asked = readArguments(args);
  if (asked.kind === "wrong") return complain(asked.text);
  if (asked.kind === "help") {
    process.stdout.write(agentHelp());
    return 0;
  }
  let read: ReadConfig;
  try {
    const { felixFile } = asked;
    read = readConfig(process.env, felixFile === undefined ? {} : { felixFile });
  } catch (error) {
    if (error instanceof ConfigError) return complain(error.message);
    throw error;
  }
  const { config, unknown, ineffective } = read;
  const log = openLog({ sink: standardOutput(), level: config.logLevel });
  using ends = watchProcessEnds(log);
  log.write("info", "tortie agent starts", { version, pid: process.pid, ...withoutSecrets(config) });
  if (unknown.length > 0) log.write("warning", "settings that mean nothing are ignored", { unknown });
  if (ineffective.length > 0) log.write("warning", "settings without effect", { ineffective });
  try {
    await enforce({ config, version, log, stopping: ends.stopping });
    log.write("info", "stopped");
    return 0;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    log.write("fatal", "tortie agent ends; the rules stay in force", { error: text });
    return complain(text);
  } finally {
    await log.flush(FLUSH_MILLISECONDS);
  }
}
