import { ConnectionError } from "../adapters/kubernetes/connection/connection-error.ts";
import type { KubernetesClient } from "../adapters/kubernetes/connection/client.ts";
import {
  type ConnectionOptions,
  ConnectionOptionsError,
} from "../adapters/kubernetes/connection/connection-options.ts";
import type { Environment } from "../model/environment.ts";
import { unreachable } from "../model/unreachable.ts";
import { readCommandLine } from "./command-line.ts";
import { connectionOptions } from "./connection.ts";
import { CtlError } from "./ctl-error.ts";
import { get, plan } from "./get.ts";
import type { AskedGet } from "./get-command.ts";
import type { ListOptions } from "./list-objects.ts";

/** What the face needs of the world. */
export interface CtlSurroundings {
  /** How the user called it, for help. */
  readonly program: string;
  /** For example `0.1.0 (commit 1a2b3c4d5e6f)`. */
  readonly version: string;
  readonly environment: Environment;
  readonly open: (options: ConnectionOptions) => Promise<KubernetesClient>;
  /** Writes to standard output and gives the exit code. */
  readonly print: (text: string) => number;
  readonly warn: (text: string) => void;
  /** Where the configuration file is looked for. */
  readonly defaultConfigPath?: string;
  readonly listing?: ListOptions;
}

function versionText(version: string): string {
  const [, number = version, commit = "unknown"] = /^(\S+) \(commit (.+)\)$/.exec(version) ?? [];
  return `Client Version:    ${number}\nGit commit:        ${commit}\n`;
}

/** Does something that can fail for reasons that the user can see; undefined, and told, where it did. */
async function attempt<Result>(
  what: string,
  warn: (text: string) => void,
  act: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (
      error instanceof CtlError ||
      error instanceof ConnectionError ||
      error instanceof ConnectionOptionsError
    ) {
      warn(`${what}${error.message}\n`);
      return undefined;
    }
    throw error;
  }
}

async function runGet(
  { request, config, context }: AskedGet,
  { environment, open, print, warn, defaultConfigPath, listing }: CtlSurroundings,
): Promise<number> {
  const picked = await attempt("", warn, () => plan(request));
  if (picked === undefined) return 1;
  const opened = await attempt("Failed to create Calico API client: ", warn, () =>
    open(
      connectionOptions({
        configPath: config,
        context,
        environment,
        ...(defaultConfigPath !== undefined && { defaultPath: defaultConfigPath }),
      }),
    ),
  );
  if (opened === undefined) return 1;
  using client = opened;
  for (const notice of client.notices) warn(`warning: ${notice}\n`);
  const { signal } = new AbortController();
  const answer = await attempt("Failed to get resources: ", warn, () =>
    get(request, picked, client, listing ?? { signal }),
  );
  if (answer === undefined) return 1;
  const printed = print(answer.text);
  for (const error of answer.errors) warn(`${error}\n`);
  return answer.errors.length > 0 ? 1 : printed;
}

/** The face with its surroundings given; answers the exit code. */
export async function ctlIn(args: readonly string[], surroundings: CtlSurroundings): Promise<number> {
  const { program, version, print, warn } = surroundings;
  const asked = readCommandLine(args, program);
  switch (asked.kind) {
    case "help":
      return print(asked.text);
    case "version":
      return print(versionText(version));
    case "wrong":
      warn(`${asked.text}\n`);
      return 1;
    case "get":
      return runGet(asked, surroundings);
    default:
      return unreachable(asked);
  }
}

/** The names of links to the executable, as their users type them. */
const CALLED_AS: Readonly<Record<string, string>> = {
  calicoctl: "calicoctl",
  "kubectl-calico": "kubectl calico",
};

/** `tortie ctl`, `calicoctl`, `kubectl calico`: exit code 0, or 1 where anything asked for could not be had. */
export async function ctlMain(
  args: readonly string[],
  { version, print }: { readonly version: string; readonly print: (text: string) => number },
): Promise<number> {
  const called = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  return ctlIn(args, {
    program: CALLED_AS[called] ?? "tortie ctl",
    version,
    environment: process.env,
    open: async (options) =>
      (await import("../adapters/kubernetes/connection/open-client.ts")).openClient(options),
    print,
    warn: (text) => void process.stderr.write(text),
  });
}
