import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "../model/address.ts";
import type { Environment } from "../model/environment.ts";
import { errorCode } from "../model/error-code.ts";
import { addressesOf, excerpt, failureOf, isDuplicate } from "./host-local-answer.ts";
import { IpamError } from "./ipam-error.ts";

/** What the runtime asked of us, for host-local to do its part. */
export interface HostLocalCall {
  /** As it came, with CNI_CONTAINERID, CNI_IFNAME and the others. */
  readonly environment: Environment;
  /** The directories with plugins, best first. */
  readonly pluginPath: readonly string[];
  /** The network's configuration with ranges in the place of usePodCidr. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Milliseconds until a host-local that has not ended is killed. */
  readonly deadline?: number;
  /** An open file that host-local keeps open for as long as it lives. */
  readonly inherited?: number;
}

interface Answer {
  readonly ok: boolean;
  readonly output: string;
}

type Command = "ADD" | "DEL" | "CHECK";

const NAME = "host-local";
const DEADLINE = 20_000;
const LONGEST_ANSWER = 1 << 20;

const TRIED: Readonly<Record<Command, string>> = {
  ADD: "lease addresses",
  DEL: "free leased addresses",
  CHECK: "find leased addresses",
};

/** The newest version that the plugins of containernetworking knew before 1.1.0, which changes nothing that is asked here. */
const NEWEST_DELEGATED = "1.0.0";

/** The oldest that allows a range of each family in the form that frees and finds leases: nothing is answered there. */
const OLDEST_WITHOUT_RESULT = "0.3.1";

function delegatedVersion(given: unknown, command: Command): string {
  const version = typeof given === "string" && given !== "" ? given : "0.1.0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 1 || (major === 1 && minor > 0)) return NEWEST_DELEGATED;
  return major === 0 && minor < 3 && command !== "ADD" ? OLDEST_WITHOUT_RESULT : version;
}

/** The path of the program. @throws IpamError */
export function findHostLocal(directories: readonly string[]): string {
  let unfit = "";
  for (const directory of directories) {
    const path = join(directory, NAME);
    try {
      if (!statSync(path).isFile()) continue;
      accessSync(path, constants.X_OK);
      return path;
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (code !== "ENOENT" && code !== "ENOTDIR") unfit ||= `; ${path} cannot be used (${code})`;
    }
  }
  const where =
    directories.length === 0 ? "CNI_PATH names no directory" : `none in ${directories.join(", ")}`;
  throw new IpamError("missingBinary", {
    tried: `find the plugin ${NAME}`,
    found: `${where}${unfit}`,
    next: "install it there: Debian's package containernetworking-plugins has it, and tortie install copies it",
  });
}

function environmentOf({ environment, pluginPath }: HostLocalCall, command: Command): Record<string, string> {
  const set = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  // Without it a plugin refuses what CNI_ARGS has for others, such as the pod's name.
  const others = (environment["CNI_ARGS"] ?? "")
    .split(";")
    .filter((part) => part !== "" && !/^IgnoreUnknown=/i.test(part));
  return {
    ...(Object.fromEntries(set) as Record<string, string>),
    CNI_COMMAND: command,
    CNI_PATH: pluginPath.join(":"),
    CNI_ARGS: ["IgnoreUnknown=1", ...others].join(";"),
  };
}

function start(
  path: string,
  given: HostLocalCall,
  command: Command,
  stdin: string,
): Bun.Subprocess<Buffer<ArrayBuffer>, "pipe", "pipe"> {
  try {
    return Bun.spawn([path], {
      env: environmentOf(given, command),
      stdio: [
        Buffer.from(stdin),
        "pipe",
        "pipe",
        ...(given.inherited === undefined ? [] : [given.inherited]),
      ],
      maxBuffer: LONGEST_ANSWER,
    });
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    throw new IpamError(
      "missingBinary",
      {
        tried: `start ${path}`,
        found: because,
        next: "see that it is a program of this machine's architecture",
      },
      error,
    );
  }
}

/** The child has been started when this returns; what it says comes later. */
async function call(command: Command, given: HostLocalCall): Promise<Answer> {
  const { configuration, pluginPath, deadline = DEADLINE } = given;
  const version = delegatedVersion(configuration["cniVersion"], command);
  const path = findHostLocal(pluginPath);
  const child = start(path, given, command, JSON.stringify({ ...configuration, cniVersion: version }));
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), deadline);
  try {
    const ended = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    // Killed, its output may stay open in other hands.
    ended.catch(() => undefined);
    const end = await Promise.race([ended, late.promise]);
    const tried = TRIED[command];
    if (end === "late") {
      child.kill("SIGKILL");
      throw new IpamError("hung", {
        tried,
        found: `${path} did not end within ${deadline / 1000} s and was killed`,
        next: "see whether another process holds the lock in the lease directory, or its disk does not answer; the runtime tries again",
      });
    }
    const [output, errors, code] = end;
    if (code === 0) return { ok: true, output };
    if (code === 1 && isDuplicate(output)) return { ok: false, output };
    const failure = failureOf(output, tried);
    if (failure !== undefined) throw failure;
    const how = child.signalCode === null ? `status ${code}` : `signal ${child.signalCode}`;
    const said = excerpt(errors) || excerpt(output);
    throw new IpamError("died", {
      tried,
      found: `${path} ended with ${how} and no answer${said === "" ? "" : `: ${said}`}`,
      next: "see the kernel's log for what ended it (memory that ran out?); the runtime tries again",
    });
  } finally {
    clearTimeout(timer);
  }
}

async function lease(given: HostLocalCall): Promise<readonly Address[]> {
  const version = delegatedVersion(given.configuration["cniVersion"], "ADD");
  const first = await call("ADD", given);
  if (first.ok) return addressesOf(first.output, version, TRIED.ADD);
  // An ADD that broke off left its lease: this one begins anew.
  await call("DEL", given);
  const second = await call("ADD", given);
  if (second.ok) return addressesOf(second.output, version, TRIED.ADD);
  throw failureOf(second.output, TRIED.ADD) ?? new Error("unreachable");
}

/**
 * Leases an address of each set of ranges. host-local has been started when this returns, so that its caller may do other things
 * meanwhile; a rejection that nobody waits for yet is no accident. After any rejection but `missingBinary` something may be
 * leased: `releaseAddresses`.
 *
 * @throws IpamError
 */
export function leaseAddresses(given: HostLocalCall): Promise<readonly Address[]> {
  const leasing = lease(given);
  leasing.catch(() => undefined);
  return leasing;
}

/** Frees what the container's interface has leased; nothing leased is fine. @throws IpamError */
export async function releaseAddresses(given: HostLocalCall): Promise<void> {
  await call("DEL", given);
}

/** @throws IpamError, of kind `notLeased` where the container's interface has no lease. */
export async function checkAddresses(given: HostLocalCall): Promise<void> {
  await call("CHECK", given);
}
