import { resolve } from "node:path";
import * as v from "valibot";
import type { Environment } from "../../../model/environment.ts";
import { unreachable } from "../../../model/unreachable.ts";
import { ConnectionError } from "./connection-error.ts";
import { type Finished, type ProgramEnd, runProgram } from "./run-program.ts";

/** A program that gives credentials, as a kubeconfig describes it (client.authentication.k8s.io). */
export interface ExecPlugin {
  /** For people: `user "jane" of /root/.kube/config`. */
  readonly name: string;
  readonly apiVersion: string;
  /** Absolute, or to be found by PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string;
  /** What the plugin is told of the cluster, where it wants to know. */
  readonly cluster?: unknown;
}

export interface ExecCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Milliseconds since 1970; undefined: until it is refused. */
  readonly expires?: number;
}

export interface ExecSettings {
  readonly environment: Environment;
  /** Milliseconds that the program may take. */
  readonly timeLimit: number;
}

const Exec = v.object({
  apiVersion: v.string(),
  command: v.pipe(v.string(), v.minLength(1)),
  args: v.nullish(v.array(v.string())),
  env: v.nullish(v.array(v.object({ name: v.string(), value: v.string() }))),
  interactiveMode: v.nullish(v.picklist(["Never", "IfAvailable", "Always"])),
  provideClusterInfo: v.nullish(v.boolean()),
  installHint: v.nullish(v.string()),
});

const API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

const Text = v.nullish(v.string());

const Answer = v.object({
  kind: v.literal("ExecCredential"),
  apiVersion: v.string(),
  status: v.object({
    token: Text,
    clientCertificateData: Text,
    clientKeyData: Text,
    expirationTimestamp: Text,
  }),
});

/** A certificate, a key, and some words around them; a program that prints more is no plugin. */
const OUTPUT_LIMIT = 1024 * 1024;

/**
 * Reads the `exec` of a kubeconfig's user.
 *
 * @throws ConnectionError
 */
export function parseExecPlugin(
  exec: unknown,
  where: { readonly name: string; readonly directory: string; readonly cluster: unknown },
): ExecPlugin {
  const fail = (found: string, next: string): ConnectionError =>
    new ConnectionError("configuration", { tried: `read exec of ${where.name}`, found, next });
  const parsed = v.safeParse(Exec, exec);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const words = issue.message.replace(/ but received .*/, "");
    throw fail(`${v.getDotPath(issue) ?? "exec"}: ${words}`, "correct the kubeconfig");
  }
  const { apiVersion, command, args, env, interactiveMode, provideClusterInfo, installHint } = parsed.output;
  if (!API_VERSIONS.includes(apiVersion)) {
    throw fail(`its apiVersion is ${apiVersion}`, `use a plugin of version ${API_VERSIONS.join(" or ")}`);
  }
  if (interactiveMode === "Always") {
    throw fail(
      `${command} wants to ask a person (interactiveMode: Always)`,
      "use a plugin that asks nobody, a token, or a client certificate",
    );
  }
  return {
    name: where.name,
    apiVersion,
    // As kubectl: from the kubeconfig's directory, unless it is a bare name.
    command: command.includes("/") ? resolve(where.directory, command) : command,
    args: args ?? [],
    env: Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
    installHint: installHint ?? "",
    ...(provideClusterInfo === true && { cluster: where.cluster }),
  };
}

function run(plugin: ExecPlugin, { environment, timeLimit }: ExecSettings): Promise<Finished> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false, ...(plugin.cluster !== undefined && { cluster: plugin.cluster }) },
  };
  return runProgram({
    command: plugin.command,
    args: plugin.args,
    env: { ...environment, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeLimit,
    outputLimit: OUTPUT_LIMIT,
  });
}

/** The end of what a plugin said: errors stand last. */
function lastWords(stderr: string): string {
  const words = stderr.trim().slice(-2000);
  return words === "" ? "it said nothing" : `it said: ${words}`;
}

/** What no start of the program can get past, by its code. */
const UNFIT: Readonly<Record<string, { readonly found: string; readonly next: string }>> = {
  ENOEXEC: {
    found: "it is neither a program for this machine nor a script that names its interpreter (ENOEXEC)",
    next: "begin a script with a line like #!/bin/sh, or install the program built for this machine",
  },
  E2BIG: {
    found: "its arguments and environment are too long for this system (E2BIG)",
    next: "shorten args and env of the exec in the kubeconfig, or leave out provideClusterInfo",
  },
  ERR_INVALID_ARG_VALUE: {
    found: "its command, arguments or environment hold a NUL character",
    next: "take the NUL character out of the exec in the kubeconfig",
  },
};

function foundAt(end: ProgramEnd, stderr: string, timeLimit: number): string {
  switch (end.kind) {
    case "exited":
      return `it failed with exit code ${end.code}; ${lastWords(stderr)}`;
    case "killed":
      return `it was ended by ${end.signal}; ${lastWords(stderr)}`;
    case "late":
      return `it was not done after ${timeLimit / 1000} s and was stopped; ${lastWords(stderr)}`;
    case "printed too much":
      return "it printed more than 1 MiB";
    case "not started":
      return `it could not be run (${end.code}); ${lastWords(stderr)}`;
    default:
      return unreachable(end);
  }
}

function failure(plugin: ExecPlugin, { end, stderr }: Finished, timeLimit: number): ConnectionError {
  const { command, name, installHint } = plugin;
  const tried = `get credentials from ${command} (exec of ${name})`;
  const code = end.kind === "not started" ? end.code : "";
  if (code === "ENOENT") {
    const next = installHint.trim() || `install ${command}, or correct its path in the kubeconfig`;
    return new ConnectionError("credentials", { tried, found: "there is no such program", next });
  }
  // Without their cause, which quotes arguments: some hold a secret.
  const unfit = UNFIT[code];
  if (unfit !== undefined) return new ConnectionError("credentials", { tried, ...unfit });
  const found = foundAt(end, stderr, timeLimit);
  const next = "run it by hand as the same user, and mend what it says";
  return new ConnectionError("credentials", { tried, found, next });
}

/**
 * Runs the plugin once.
 *
 * @throws ConnectionError with what the plugin said on standard error.
 */
export async function runExecPlugin(plugin: ExecPlugin, settings: ExecSettings): Promise<ExecCredential> {
  const finished = await run(plugin, settings);
  const { end } = finished;
  if (end.kind !== "exited" || end.code !== 0) throw failure(plugin, finished, settings.timeLimit);
  const fail = (found: string): ConnectionError =>
    new ConnectionError("credentials", {
      tried: `get credentials from ${plugin.command} (exec of ${plugin.name})`,
      found,
      next: `see that it prints an ExecCredential of ${plugin.apiVersion}`,
    });
  const parsed = v.safeParse(Answer, jsonOf(finished.stdout));
  if (!parsed.success) throw fail(`what it printed is no ExecCredential; ${lastWords(finished.stderr)}`);
  const { apiVersion, status } = parsed.output;
  if (apiVersion !== plugin.apiVersion) throw fail(`it answered in ${apiVersion}`);
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status;
  if (!token && !certificate && !key) throw fail("it gave neither a token nor a client certificate");
  if (!certificate !== !key) throw fail("it gave only one of clientCertificateData and clientKeyData");
  const expires = expirationTimestamp ? Date.parse(expirationTimestamp) : undefined;
  if (Number.isNaN(expires)) throw fail(`its expirationTimestamp is no date: "${expirationTimestamp}"`);
  return {
    ...(token && { token }),
    ...(certificate && key && { certificate, key }),
    ...(expires !== undefined && { expires }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
